"""What an attribute says, as labels that people read."""

import math
import re
from functools import lru_cache

from catalog.importing.icecat.items import Value, line

LABEL = 120  # characters of a label; what is longer stands in the description alone
YES = frozenset({"y", "yes", "true"})
NO = frozenset({"n", "no", "false", "-", "n/a", "not available", "none"})
# Of parcels and the trade, of the record itself: nothing for those who buy one.
TRADE = re.compile(
    r"(^|_)(package|packaging|packing|pallet|pallets|carton|cartons|intermodal|container|sap|shipping)(_|$)"
    r"|^master__outer|per_master|^oem_|last_change|_id$|_url$|^status$|harmonized|^images_type|^country_of_origin"
    r"|_updated$|^is_|certificate_date|bundle_price"
)
_LIST = re.compile(r",(?=[^\s0-9])|(?<=[^0-9]),(?=\S)")


@lru_cache(maxsize=50_000)
def is_trade(key: str) -> bool:
    """Does it speak of parcels, pallets, customs or the record?"""
    return bool(TRADE.search(key[7:]))


def is_feature(value: Value) -> bool:
    """Is it a plain yes?"""
    return value is True or (isinstance(value, str) and value.strip().casefold() in YES)


def labels(value: Value) -> list[str]:
    """The labels of a value, one for each of a list; none for a plain no."""
    if isinstance(value, bool):
        return []
    if isinstance(value, str):
        text = line(value)
        if text.casefold() in NO | YES:
            return []
        parts = _LIST.split(text) if len(text) > 3 else [text]
        return list(dict.fromkeys(part.strip() for part in parts if part.strip()))
    return [number(value)] if math.isfinite(value) else []


def number(value: float) -> str:
    """3.0 → 3, 2.66 → 2.66."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else f"{value:.12g}"


def text(value: Value) -> str:
    """All of it, for the description; empty for a plain yes or no."""
    return ", ".join(labels(value))
