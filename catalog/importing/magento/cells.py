"""What stands in Magento's cells: money, dates, lists and pairs of attributes, as several locales write."""

import html
import re
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.importing.table import Row

CENT = Decimal("0.01")
MAX_PRICE = Decimal(10) ** 10
MAX_QUANTITY = 10**9 - 1
_PRICE = re.compile(r"[0-9]{1,16}(\.[0-9]{1,8})?", re.ASCII)
_GROUPED = re.compile(r"[0-9]{1,3}([., '][0-9]{3})+(?P<rest>[.,][0-9]{1,4})?", re.ASCII)
_AMBIGUOUS = re.compile(r"0*[1-9][0-9]{0,2}[.,][0-9]{3}", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,12}([.,][0-9]{1,8})?", re.ASCII)
_PAIR = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]*)\s*=(.*)", re.DOTALL)
_DATES = ("%Y-%m-%d", "%m/%d/%Y", "%m/%d/%y", "%d.%m.%Y", "%d.%m.%y")
_TIMES = ("", " %H:%M:%S", " %H:%M", ", %I:%M %p", " %I:%M %p", ", %H:%M", ", %H:%M:%S", " %I:%M:%S %p")
_YES = {"1", "yes", "true", "enabled"}
_NO = {"0", "no", "false", "disabled"}


class BadRow(Exception):
    """This row cannot be used; the text says why."""


def price(text: str) -> Decimal | None:
    """An amount in cents, whichever mark divides it; None for an empty cell, BadRow for what is none."""
    text = " ".join(text.split())  # some locales group by spaces that do not break
    if not text:
        return None
    if text.startswith("-"):
        raise BadRow(_("The price %s is negative.") % text[:40])
    if _AMBIGUOUS.fullmatch(text):
        raise BadRow(_("“%s” may be thousands or fractions: write it like 1299.00.") % text[:40])
    grouped = _GROUPED.fullmatch(text)
    if grouped and len({mark for mark in text if not mark.isdigit()}) in {1, 2}:
        rest = grouped["rest"] or ""
        if rest and rest[0] in text[: -len(rest)]:
            raise BadRow(_("“%s” is no price: write it like 1299.90.") % text[:40])
        whole = re.sub(r"[^0-9]", "", text[: len(text) - len(rest)])
        text = whole + rest.replace(",", ".")
    elif text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    if not _PRICE.fullmatch(text):
        raise BadRow(_("“%s” is no price: write it like 1299.90.") % text[:40])
    amount = Decimal(text).quantize(CENT, ROUND_HALF_UP)
    if amount >= MAX_PRICE:
        raise BadRow(_("The price %s is absurd.") % text[:40])
    return amount


def number(text: str, what: str) -> Decimal:
    """A quantity or weight; an empty cell is none. BadRow for what is no number; `what` names it."""
    if not text:
        return Decimal(0)
    if not _NUMBER.fullmatch(text):
        raise BadRow(_("“%(text)s” is no number: %(column)s.") % {"text": text[:40], "column": what})
    found = Decimal(text.replace(",", "."))
    if abs(found) > MAX_QUANTITY:
        raise BadRow(_("The number %(text)s is absurd: %(column)s.") % {"text": text[:40], "column": what})
    return found


def moment(text: str, *, ends: bool = False) -> datetime | None:
    """A date of the merchant's; `ends`: the day counts to its end. None if it is no date."""
    for date in _DATES:
        for time in _TIMES:
            try:
                found = datetime.strptime(" ".join(text.split()), date + time)  # noqa: DTZ007 (the shop's own zone follows)
            except ValueError:
                continue
            if not 1970 <= found.year <= 2200:
                return None
            is_day = (found.hour, found.minute, found.second) == (0, 0, 0)
            return timezone.make_aware(found + timedelta(days=1) if ends and is_day else found)
    return None


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
    """ "size=XS,color=Black" by code, in lower case. A comma may stand in a value; values may be quoted."""
    found: dict[str, str] = {}
    code = ""
    for part in _split(text):
        pair = _PAIR.fullmatch(part)
        if pair:
            code = pair[1].lower()
            found[code] = pair[2]
        elif code:
            found[code] += f",{part}"
    return {code: value.strip().strip('"').replace('""', '"').strip() for code, value in found.items()}


def _split(text: str) -> list[str]:
    """At commas; if every pair is enclosed in quotation marks, at those between them."""
    if text.startswith('"') and text.endswith('"') and '","' in text:
        return text[1:-1].split('","')
    return (text[1:-1] if text.startswith('"') and text.endswith('"') and "=" in text else text).split(",")


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
