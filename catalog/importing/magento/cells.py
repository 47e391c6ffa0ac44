"""What stands in Magento's cells: money, lists and pairs of attributes, as several locales write."""

import html
import re
from decimal import ROUND_HALF_UP, Decimal

from django.utils.translation import gettext as _

from catalog.importing.table import Row

CENT = Decimal("0.01")
MAX_PRICE = Decimal(10) ** 10
MAX_QUANTITY = 10**9 - 1
# One mark that divides; or groups of three, all by one mark, before another one that divides.
_PLAIN = re.compile(r"[0-9]{1,16}([.,][0-9]{1,8})?", re.ASCII)
_GROUPED = re.compile(
    r"[1-9][0-9]{0,2}(?P<mark>[., '])[0-9]{3}((?P=mark)[0-9]{3})*((?!(?P=mark))[.,][0-9]{1,8})?", re.ASCII
)
# A nought at the beginning is never that of a group, and 1234 would be two.
_AMBIGUOUS = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}", re.ASCII)
_CODE = r"[A-Za-z][A-Za-z0-9_]*"
_QUOTED = r'"(?:[^"]|"")*"'
# What begins a pair: all of it in quotation marks, its values alone, or neither.
_ENCLOSED_PAIR = re.compile(rf'\s*"\s*({_CODE})\s*=((?:[^"]|"")*)"\s*(?=,|$)')
_ENCLOSED_VALUE = re.compile(rf"\s*({_CODE})\s*=\s*({_QUOTED}(?:\|{_QUOTED})*)\s*(?=,|$)")
_OPEN_PAIR = re.compile(rf'\s*({_CODE})\s*=(.*?)(?=,\s*"?\s*{_CODE}\s*=|$)', re.DOTALL)
_YES = {"1", "yes", "true", "enabled"}
_NO = {"0", "no", "false", "disabled"}


class BadRow(Exception):
    """This row cannot be used; the text says why."""


def price(text: str) -> Decimal | None:
    """An amount in cents, whichever mark divides it; None for an empty cell, BadRow for what is none."""
    text = _plainly_spaced(text)
    if not text:
        return None
    if text.startswith("-"):
        raise BadRow(_("The price %s is negative.") % text[:40])
    exact = _decimal(text)
    if exact is None:
        raise BadRow(_("“%s” is no price: write it like 1299.90.") % text[:40])
    if exact >= MAX_PRICE:
        raise BadRow(_("The price %s is absurd.") % text[:40])
    return exact.quantize(CENT, ROUND_HALF_UP)


def number(text: str, what: str, most: int = MAX_QUANTITY) -> Decimal:
    """A quantity, weight or rate, read as prices are; an empty cell is none. `what` names it.

    BadRow for what is no number, may be two or is more than `most`: what could only be a fraction is one.
    """
    text = _plainly_spaced(text)
    if not text:
        return Decimal(0)
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    found = _decimal(digits, most)
    if found is None:
        raise BadRow(_("“%(text)s” is no number: %(column)s.") % {"text": text[:40], "column": what})
    if found > most:
        raise BadRow(_("The number %(text)s is absurd: %(column)s.") % {"text": text[:40], "column": what})
    return sign * found


def _plainly_spaced(text: str) -> str:
    """Some locales group by spaces that do not break, or by a curly apostrophe."""
    return " ".join(text.split()).replace("’", "'")


def _decimal(text: str, most: int | None = None) -> Decimal | None:
    """The number, None if it is none; BadRow if it could be two that are not more than `most`."""
    if _AMBIGUOUS.fullmatch(text) and (most is None or int(re.sub("[.,]", "", text)) <= most):
        raise BadRow(_("“%s” may be thousands or fractions: write it like 1299.00.") % text[:40])
    if _PLAIN.fullmatch(text):
        return Decimal(text.replace(",", "."))
    grouped = _GROUPED.fullmatch(text)
    if grouped is None:
        return None
    return Decimal(text.replace(grouped["mark"], "").replace(",", "."))


def flag(text: str, default: bool) -> bool:
    """Yes or no, as Magento's import writes it."""
    folded = text.casefold()
    return True if folded in _YES else False if folded in _NO else default


def plain(text: str) -> str:
    """One line of text without entities: "½ zip"."""
    return " ".join(html.unescape(text).split())


def lines(text: str) -> list[str]:
    """The lines of a cell that say something, each once."""
    return list(dict.fromkeys(found for line in text.splitlines() if (found := plain(line))))


def parts(text: str, mark: str = ",") -> list[str]:
    """The parts of a cell that say something, each once."""
    return list(dict.fromkeys(found for part in text.split(mark) if (found := part.strip())))


def pairs(text: str) -> dict[str, str]:
    """ "size=XS,color=Black" by code, in lower case.

    A comma may stand in a value. Magento's "fields enclosure" puts values, or whole pairs, into quotation
    marks and doubles those within: only such marks are taken off, those of 15" stay.
    """
    found: dict[str, str] = {}
    place = 0
    while place < len(text):
        enclosed = _ENCLOSED_PAIR.match(text, place)
        values = _ENCLOSED_VALUE.match(text, place)
        pair = enclosed or values or _OPEN_PAIR.match(text, place)
        if pair is None:  # nothing that has a name
            place = (text.find(",", place) + 1) or len(text)
            continue
        value = pair[2]
        if enclosed:
            value = value.replace('""', '"')
        elif values:
            value = "|".join(part[1:-1].replace('""', '"') for part in re.findall(_QUOTED, value))
        found[pair[1].lower()] = value.strip()
        place = pair.end() + 1
    return found


def required(row: Row, column: str, length: int) -> str:
    """The cell as plain text; BadRow if it is empty or too long."""
    text = plain(row[column])
    if not text:
        raise BadRow(_("The row has no %s.") % column)
    if len(text) > length:
        raise BadRow(
            _("“%(column)s” has more than %(length)d characters.") % {"column": column, "length": length}
        )
    return text
