"""Item: one object of a file, checked and cleaned."""

import html
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from catalog.importing.records import Place

SOURCE = "icecat"
EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)  # what is said to be older is a mistake
MOST_CENTS = 10**12 - 1  # the column's digits
PICTURES = ("img_high", "img_500x500", "img_low", "img_thumb")  # the largest first
_TAG = re.compile(r"<[a-zA-Z/!][^<>]*>")
_DIGITS = re.compile(r"[0-9]{8,14}")

Value = str | float | bool


class BadItem(Exception):
    """This object cannot be used; the text says why."""


@dataclass(frozen=True)
class Item:
    """A product as Icecat tells it; `name` is the maker's model number, or what stands in for one."""

    place: Place
    id: str
    name: str
    title: str
    brand: str
    price: Decimal
    summary: str = ""
    eans: tuple[str, ...] = ()
    released: datetime | None = None
    picture: str = ""
    attributes: dict[str, Value] = field(default_factory=dict)  # by key: attr_t_product_colour

    @classmethod
    def read(cls, told: object, place: Place) -> "Item":
        """Raises BadItem for what is none."""
        if not isinstance(told, dict):
            raise BadItem(_("This is no product but a bare value."))
        identity = told.get("id")
        if isinstance(identity, bool) or not isinstance(identity, str | int) or not str(identity).strip():
            raise BadItem(_("The product has no id."))
        if len(str(identity)) > 200:
            raise BadItem(_("The product's id is too long."))
        title = line(told.get("title")) or line(told.get("name"))
        if not title:
            raise BadItem(_("The product has no title."))
        return cls(
            place=place,
            id=str(identity).strip(),
            name=line(told.get("name")),
            title=title,
            brand=line(told.get("supplier")),
            price=_price(told.get("price")),
            summary=line(told.get("short_description")),
            eans=_eans(told.get("ean")),
            released=_released(told.get("date_released")),
            picture=next((p for key in PICTURES if isinstance(p := told.get(key), str) and p), ""),
            attributes={
                key: value
                for key, value in told.items()
                if key.startswith(("attr_t_", "attr_n_", "attr_b_")) and isinstance(value, str | int | float)
            },
        )


def line(told: Any) -> str:
    """The text on one line, without tags and entities."""
    if not isinstance(told, str):
        return ""
    text = told.replace("\0", "").replace("\\n", " ")
    if "<" in text:
        text = _TAG.sub(" ", text)
    if "&" in text:
        text = html.unescape(text)
    return " ".join(text.split())


def _price(told: object) -> Decimal:
    """Whole cents."""
    if told is None or told == "":
        raise BadItem(_("The product has no price."))
    if isinstance(told, float) and told.is_integer():
        told = int(told)
    if isinstance(told, bool) or not isinstance(told, int):
        raise BadItem(_("“%s” is no price: whole cents are expected.") % str(told)[:40])
    if not 0 <= told <= MOST_CENTS:
        raise BadItem(_("The price %s is out of range.") % str(told)[:40])
    return (Decimal(told) / 100).quantize(Decimal("0.01"))


def _eans(told: object) -> tuple[str, ...]:
    """Barcodes, each once, in the file's order."""
    codes = told if isinstance(told, list) else [told]
    texts = (str(code).strip() for code in codes if isinstance(code, str | int) and code is not True)
    return tuple(dict.fromkeys(text for text in texts if _DIGITS.fullmatch(text)))


def _released(told: object) -> datetime | None:
    """A moment that has been; what lies ahead or is older than such goods says nothing."""
    if not isinstance(told, str):
        return None
    try:
        moment = parse_datetime(told)
        if moment is None and (day := parse_date(told)):
            moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    except ValueError:  # 30 February
        return None
    if moment is None:
        return None
    if timezone.is_naive(moment):
        moment = moment.replace(tzinfo=UTC)
    return moment if EARLIEST <= moment <= timezone.now() else None
