"""What attributes are called: attributes.csv, or else their codes; and which of them are facets."""

from collections import Counter
from collections.abc import Iterable

from django.utils.translation import gettext as _

from catalog.importing.magento.cells import BadRow, flag, lines, plain, required
from catalog.importing.magento.goods import Good
from catalog.importing.records import AttributeRecord, Reading
from catalog.importing.table import Table

HIGHLIGHTS = "highlights"  # one facet for all that is only yes or no
# The shop knows by itself what is new and what costs less.
OWN_FLAGS = {"new", "sale"}
BRANDS = ("manufacturer", "brand")
BARCODES = ("ean", "ean13", "gtin", "gtin13", "upc", "barcode")
MAX_LABEL = 120
SHARED = 2  # goods that must have a value before it is worth filtering by


def declared(tables: Iterable[Table], reading: Reading) -> dict[str, AttributeRecord]:
    """Attributes by code. Of one that two files tell, all labels count."""
    found: dict[str, AttributeRecord] = {}
    for table in tables:
        for row in table.rows(reading, whole=True):
            try:
                code = required(row, "attribute_code", 60).lower()
            except BadRow as error:
                reading.error(row.place, str(error))
                continue
            names = lines(row["frontend_label"]) or [title(code)]  # the admin's word, then the shop window's
            labels = tuple(label[:MAX_LABEL] for label in lines(row["option"]))
            before = found[code].labels if code in found else ()
            found[code] = AttributeRecord(
                code=code.replace("_", "-"),
                name=names[-1][:80],
                labels=tuple(dict.fromkeys((*before, *labels))),
                is_facet=flag(row["is_filterable"], row["is_filterable"] == "2"),
            )
            reading.count(table.name, attributes=1)
    return found


def title(code: str) -> str:
    """style_bags → Style Bags."""
    return " ".join(code.replace("_", " ").split()).title()[:80]


def named(code: str, goods: Iterable[Good]) -> str:
    """What no attributes.csv tells: as a configurable calls it, or by its code."""
    return next((label for good in goods if (label := good.labels.get(code, "")[:80])), title(code))


def settle(
    goods: Iterable[Good], told: dict[str, AttributeRecord], reading: Reading
) -> dict[str, AttributeRecord]:
    """All attributes that these goods use, by code; flags become labels of one facet, long texts leave."""
    goods = list(goods)
    labels: dict[str, Counter[str]] = {}
    for good in goods:
        for code, found in good.values.items():
            labels.setdefault(code, Counter()).update({label.casefold() for label in found})
    flags = {code for code, found in labels.items() if _is_flag(set(found))}
    texts = {code for code, found in labels.items() if any(len(label) > MAX_LABEL for label in found)}
    for code in sorted(texts):
        first = next(good for good in goods if code in good.values)
        reason = _("The attribute “%s” holds long texts: it is none to filter by and was left out.")
        reading.warn(first.place, reason % code[:60], first.sku)
    for good in goods:
        raised = tuple(
            told[code].name if code in told else title(code)
            for code in good.values
            if code in flags and code not in OWN_FLAGS and flag(good.values[code][0], False)
        )
        good.values = {code: found for code, found in good.values.items() if code not in flags | texts}
        if raised:
            good.values[HIGHLIGHTS] = raised
    known = {
        code: told.get(code)
        or AttributeRecord(
            code=code.replace("_", "-"), name=named(code, goods), is_facet=max(found.values()) >= SHARED
        )
        for code, found in labels.items()
        if code not in flags | texts
    }
    return {**known, HIGHLIGHTS: AttributeRecord(HIGHLIGHTS, _("Highlights"), is_facet=True)}


def known_to_be_old(goods: Iterable[Good]) -> set[str]:
    """SKUs of goods that are not called new, where others are."""
    goods = list(goods)
    new = {good.sku for good in goods if flag(good.values.get("new", ("",))[0], False)}
    return {good.sku for good in goods if good.sku not in new} if new else set()


def _is_flag(labels: set[str]) -> bool:
    """Yes or no, which a file may write as 1 and 0."""
    return labels <= {"yes", "no", "1", "0"}


def taken(values: dict[str, tuple[str, ...]], codes: Iterable[str]) -> str:
    """Takes the first of these attributes out of the values."""
    found = ""
    for code in codes:
        labels = values.pop(code, ())
        found = found or (plain(labels[0]) if labels else "")
    return found
