"""Dates as Magento writes them, or a spreadsheet after it.

Magento's own (en_US) has the month first: 1/31/24. One date of a file that can only have the day first
(31/01/2024) says so of all dates of the file. If some can only be read the one way and some only the other,
those that could be either are refused.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from django.utils.timezone import make_aware
from django.utils.translation import gettext as _

from catalog.importing.magento.cells import BadRow
from catalog.importing.table import Row

COLUMNS = (
    *("special_price_from_date", "special_price_to_date", "created_at"),
    *("updated_at", "new_from_date", "new_to_date"),
)
YEARS = (1970, 2200)
CENTURY = 69  # two digits from here on are of the last one
DAY_FIRST, MONTH_FIRST = "day", "month"
_MOMENT = re.compile(
    r"(?P<first>[0-9]{1,4})(?P<mark>[-/.])(?P<second>[0-9]{1,2})(?P=mark)(?P<third>[0-9]{2}|[0-9]{4})"
    r"((, ?| |T)(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(:(?P<second_of>[0-9]{2})(\.[0-9]+)?)?"
    r"( ?(?P<half>[AP])M)?(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?)?",
    re.ASCII | re.IGNORECASE,
)
_SLASHES = re.compile(r"\s*([0-9]{1,2})/([0-9]{1,2})/[0-9]{2}", re.ASCII)


class Dates:
    """Reads the dates of one file."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.orders: set[str] = set()  # what some date of the file proves
        for row in rows:
            for column in COLUMNS:
                text = row.cells.get(column)
                if text and (order := _proved(text)):
                    self.orders.add(order)

    def moment(self, text: str, *, ends: bool = False) -> datetime | None:
        """A date of the merchant's; `ends`: the day counts to its end. None if it is no date."""
        slashes = _SLASHES.match(text)
        if len(self.orders) > 1 and slashes and not _proved(text) and slashes[1] != slashes[2]:
            raise BadRow(
                _("“%s” may begin with the day or the month: other dates of the file are written either way.")
                % text[:40]
            )
        is_day_first = _proved(text) == DAY_FIRST if len(self.orders) > 1 else DAY_FIRST in self.orders
        return _moment(text, is_day_first, ends)


@lru_cache(maxsize=4096)
def _proved(text: str) -> str:
    """Which order alone makes a date of it; empty: neither or both."""
    found = _SLASHES.match(text)
    if found is None or (int(found[1]) > 12) == (int(found[2]) > 12):
        return ""
    return DAY_FIRST if int(found[1]) > 12 else MONTH_FIRST


@lru_cache(maxsize=4096)  # thousands of rows were made on the same days
def _moment(text: str, is_day_first: bool, ends: bool) -> datetime | None:
    found = _MOMENT.fullmatch(" ".join(text.split()))
    if found is None:
        return None
    first, second, third = found["first"], found["second"], found["third"]
    if len(first) == 4:
        year, month, day = first, second, third
    elif found["mark"] == "-":
        return None  # either order is written so
    elif found["mark"] == "." or is_day_first:
        day, month, year = first, second, third
    else:
        month, day, year = first, second, third
    whole = int(year)
    if len(year) == 2:
        whole += 1900 if whole >= CENTURY else 2000
    hour = int(found["hour"] or 0)
    if found["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found["half"] in "pP" else 0)
    try:
        told = datetime(  # noqa: DTZ001 (its zone follows)
            whole, int(month), int(day), hour, int(found["minute"] or 0), int(found["second_of"] or 0)
        )
    except ValueError:
        return None
    if not YEARS[0] <= told.year <= YEARS[1]:
        return None
    if ends and (told.hour, told.minute, told.second) == (0, 0, 0):
        told += timedelta(days=1)
    return told.replace(tzinfo=_zone(found["zone"])) if found["zone"] else make_aware(told)


def _zone(text: str) -> timezone:
    if text in "zZ":
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    return timezone((-1 if text[0] == "-" else 1) * timedelta(hours=min(hours, 23), minutes=minutes % 60))
