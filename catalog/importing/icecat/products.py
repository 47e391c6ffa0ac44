"""Items → product records: one variant each, sold without being counted, as the files tell no stock."""

from collections import Counter
from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from catalog.importing.icecat import sheet
from catalog.importing.icecat.items import SOURCE, Item
from catalog.importing.icecat.names import Names
from catalog.importing.icecat.worth import Shelf
from catalog.importing.records import PictureRecord, ProductRecord, Reading, VariantRecord

SKU = 64  # characters
WORDS = 4  # a name of more is a description


def records(
    items: Sequence[Item],
    kinds: Mapping[str, str],
    shelf: Shelf,
    names: Names,
    reading: Reading,
    *,
    with_images: bool,
) -> list[ProductRecord]:
    """Every item's record."""
    skus = Counter(sku.casefold() for item in items if (sku := _sku(item)))
    found = []
    for item in items:
        sku = _sku(item)
        if sku and skus[sku.casefold()] > 1:
            reason = _("Several products have the model number %s: it became no SKU.") % sku
            reading.warn(item.place, reason, item.id, "model")
            sku = ""
        found.append(_record(item, kinds.get(item.id, ""), sku, shelf, names, with_images=with_images))
    return found


def _record(
    item: Item, kind: str, sku: str, shelf: Shelf, names: Names, *, with_images: bool
) -> ProductRecord:
    identity = f"{SOURCE}:{item.id}"
    variant = VariantRecord(
        place=item.place,
        external_id=identity,
        options=(),
        price=item.price,
        sku=sku,
        is_sku_loose=True,  # the makers' numbers: two makers may have the same one
        barcode=item.eans[0] if item.eans else "",
        is_tracked=False,
    )
    pictures = [PictureRecord(item.place, item.picture)] if item.picture and with_images else []
    return ProductRecord(
        place=item.place,
        external_id=identity,
        handle=item.title,
        name=sheet.cut(item.title, sheet.NAME),
        description=sheet.describe(item, names),
        summary=sheet.cut(item.summary, sheet.SUMMARY),
        kind=kind,
        brand=item.brand[:120],
        values=shelf.values(item),
        published_at=item.released,
        variants=(variant,),
        pictures=tuple(pictures),
    )


def _sku(item: Item) -> str:
    """The model, if it is a number of the maker's and not a description."""
    model = item.name
    is_number = any(sign.isdigit() for sign in model) and len(model.split()) <= WORDS
    return model if is_number and len(model) <= SKU else ""
