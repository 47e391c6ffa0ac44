"""Magento's own product export: one row a product or variant, attributes as pairs in a cell."""

import re
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from catalog.importing.magento.cells import BadRow, flag, number, pairs, parts, plain, price, required
from catalog.importing.magento.dates import Dates
from catalog.importing.magento.goods import CONFIGURABLE, SIMPLE, UNSOLD, Child, Good
from catalog.importing.magento.theme import without_directives
from catalog.importing.magento.trails import paths, trail
from catalog.importing.records import Reading
from catalog.importing.table import Row

HIDDEN = {"not visible individually", "1"}
PICTURES = ("base_image", "small_image", "thumbnail_image", "swatch_image")
LINKS = {"related": "related_skus", "upsell": "upsell_skus", "crosssell": "crosssell_skus"}
NO_PICTURE = {"no_selection", ""}
GRAMS = 1000  # weights are read as kilograms
_EXTRA = re.compile(r"(?:^|\|)[^|]*?\bname=([^,|]+)")
# Told in columns of their own, or nothing that shoppers ask for.
SYSTEM = frozenset(
    {
        *("has_options", "required_options", "quantity_and_stock_status", "tax_class_id", "visibility"),
        *(
            "msrp_display_actual_price_type",
            "gift_message_available",
            "cost",
            "url_path",
            "url_key",
            "status",
        ),
        *(
            "shipment_type",
            "price_type",
            "sku_type",
            "weight_type",
            "price_view",
            "links_title",
            "links_exist",
        ),
        *("links_purchased_separately", "samples_title", "options_container", "page_layout", "custom_design"),
        *("custom_layout_update", "custom_layout", "image_label", "small_image_label", "thumbnail_label"),
        *("ts_dimensions_height", "ts_dimensions_length", "ts_dimensions_width", "ts_packaging_id"),
        *("ts_packaging_type", "category_ids", "email_template", "is_redeemable", "lifetime", "tier_price"),
    }
)


def good(row: Row, dates: Dates, reading: Reading) -> Good:
    """The row as goods; BadRow says why it is none."""
    sku = required(row, "sku", 64)
    kind = row["product_type"].lower() or (CONFIGURABLE if row["configurable_variations"] else SIMPLE)
    if kind in UNSOLD or kind not in {SIMPLE, CONFIGURABLE}:
        return Good(row.place, sku, kind, plain(row["name"])[:200], None)
    quantity, is_tracked = _stock(row, sku, reading)
    amount, special = prices(row, sku, reading, is_sold=kind == SIMPLE)
    begins = _date(row, dates, "special_price_from_date")
    ends = _date(row, dates, "special_price_to_date", ends=True)
    if begins and ends and begins >= ends:
        raise BadRow(_("The special price ends before it begins."))
    name = required(row, "name", 200)
    if extras := _EXTRA.findall(row["custom_options"]):
        reason = _("What shoppers may add to it or have made of it is not sold here: %s.")
        reading.warn(row.place, reason % plain(", ".join(extras))[:200], sku, "custom option")
    long, short = (_text(row, column, sku, reading) for column in ("description", "short_description"))
    return Good(
        place=row.place,
        sku=sku,
        kind=kind,
        name=name,
        price=amount,
        special=special,
        special_from=begins,
        special_until=ends,
        description=long or short,
        summary=short if long else "",
        quantity=quantity,
        is_tracked=is_tracked,
        weight_grams=_grams(row, sku, reading),
        is_online=flag(row["product_online"], row["product_online"] != "2"),
        is_visible=row["visibility"].casefold() not in HIDDEN,
        tax_class=plain(row["tax_class_name"]),
        url_key=row["url_key"],
        group=plain(row["attribute_set_code"]),
        created_at=_made(row, dates),
        homes=tuple(trail(path) for path in paths(row["categories"])),
        values=_values(row),
        gallery=_gallery(row),
        children=_children(row) if kind == CONFIGURABLE else (),
        labels={code: plain(text) for code, text in pairs(row["configurable_variation_labels"]).items()},
        links={kind: tuple(parts(row[column])) for kind, column in LINKS.items() if row[column]},
    )


def named_children(row: Row) -> set[str]:
    """SKUs that the row speaks for, though it cannot be used itself."""
    told = (pairs(text).get("sku", "") for text in row["configurable_variations"].split("|"))
    return {sku for sku in told if sku}


def prices(
    row: Row, sku: str, reading: Reading, *, is_sold: bool = True
) -> tuple[Decimal | None, Decimal | None]:
    """The price and the special price; BadRow if what is sold has none. A special price of 0 is none."""
    amount, special = price(row["price"]), price(row["special_price"])
    if amount is None and is_sold:
        raise BadRow(_("The row has no price."))
    if amount == 0 and is_sold:
        reading.warn(row.place, _("Its price is 0: it would be given away."), sku, "free")
    if special == 0:
        reading.warn(row.place, _("A special price of 0 was read as none."), sku, "free")
        special = None
    return amount, special


def quantity_of(row: Row, sku: str, reading: Reading) -> int:
    """How many there are."""
    exact = number(row["qty"], "qty")
    quantity = int(exact)
    if quantity < 0:
        reading.warn(row.place, _("The quantity %d was read as none.") % quantity, sku)
    elif exact != quantity:
        reading.warn(row.place, _("The quantity %s was rounded down.") % exact, sku)
    return max(quantity, 0)


def _stock(row: Row, sku: str, reading: Reading) -> tuple[int, bool]:
    """Quantity, and whether it is counted. The configuration, which the file refers to, counts as a rule."""
    quantity = quantity_of(row, sku, reading)
    follows = flag(row["use_config_manage_stock"], not row["manage_stock"])
    is_tracked = follows or flag(row["manage_stock"], True)
    if not flag(row["is_in_stock"], True):
        return 0, True
    if is_tracked and row["allow_backorders"] in {"1", "2"} and not flag(row["use_config_backorders"], True):
        reading.warn(row.place, _("It may be sold beyond its stock, so it is not counted here."), sku)
        is_tracked = False
    return quantity, is_tracked


def _grams(row: Row, sku: str, reading: Reading) -> int:
    try:
        kilograms = number(row["weight"], "weight")
    except BadRow as error:
        reading.warn(row.place, str(error), sku)
        return 0
    return int(min(max(kilograms * GRAMS, Decimal(0)), Decimal(2**31 - 1)))


def _text(row: Row, column: str, sku: str, reading: Reading) -> str:
    return without_directives(row[column], reading, row.place, sku, topic="directive")


def _made(row: Row, dates: Dates) -> datetime | None:
    try:
        return dates.moment(row["created_at"]) if row["created_at"] else None
    except BadRow:
        return None


def _date(row: Row, dates: Dates, column: str, *, ends: bool = False) -> datetime | None:
    text = row[column]
    found = dates.moment(text, ends=ends) if text else None
    if text and found is None:
        raise BadRow(_("“%(text)s” is no date: %(column)s.") % {"text": text[:40], "column": column})
    return found


def _values(row: Row) -> dict[str, tuple[str, ...]]:
    """Labels by attribute code."""
    found = {}
    for code, text in pairs(row["additional_attributes"]).items():
        labels = tuple(label for part in parts(text, "|") if (label := plain(part)))
        if labels and code not in SYSTEM:
            found[code] = labels
    return found


def _gallery(row: Row) -> dict[str, str]:
    """Addresses in order with their labels; the base image first."""
    found: dict[str, str] = {}
    for column in PICTURES[:1]:
        if row[column] not in NO_PICTURE:
            found[row[column]] = plain(row[f"{column}_label"])
    labels = row["additional_image_labels"].split(",")
    hidden = set(parts(row["hide_from_product_page"]))
    for place, address in enumerate(parts(row["additional_images"])):
        if address not in hidden:
            found.setdefault(address, plain(labels[place]) if place < len(labels) else "")
    if not found:
        for column in PICTURES[1:]:
            if row[column] not in NO_PICTURE:
                return {row[column]: plain(row[f"{column}_label"])}
    return found


def _children(row: Row) -> tuple[Child, ...]:
    """The variants that it names; BadRow if it names none."""
    found = []
    for text in row["configurable_variations"].split("|"):
        named = pairs(text)
        sku = named.pop("sku", "")
        if not sku and not text.strip():
            continue
        if not sku:
            raise BadRow(_("A variation names no SKU: “%s”.") % text[:60])
        found.append(Child(sku, {code: plain(value) for code, value in named.items()}))
    if not found:
        raise BadRow(_("The configurable product names no variants."))
    return tuple(found)
