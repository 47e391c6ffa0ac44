"""VAT numbers: written as their country writes them, judged by form and checksum. No registry is asked.

A number that looks right may still belong to nobody, or be struck off: who sells much without tax checks it
in VIES, HMRC's or the Swiss UID register, and keeps the answer.
"""

from importlib import import_module
from typing import Any

from stdnum.exceptions import ValidationError as Wrong
from stdnum.util import get_cc_module

from shop import places

NORTHERN = "XI"  # a number of Northern Ireland, for goods: one of the United Kingdom with other letters
_OTHERS = {"GB": "stdnum.gb.vat", "CH": "stdnum.ch.vat", "NO": "stdnum.no.mva"}
# How they look: made up, and none of them fits its checksum.
_EXAMPLES = {
    "AT": "ATU12345678",
    "BE": "BE0123456789",
    "CH": "CHE-123.456.789 MWST",
    "ES": "ESB12345678",
    "FR": "FR12345678901",
    "IE": "IE1234567A",
    "NL": "NL123456789B01",
    "NO": "NO123456789MVA",
}
_DIGITS = {"DE": 9, "EE": 9, "GB": 9, "GR": 9, "HR": 11, "IT": 11, "LV": 11, "PL": 10, "PT": 9, "SE": 12}


class Unfit(ValueError):
    """It cannot be a number of that country."""


class OfAnother(Unfit):
    """It names another country; `country` is its prefix."""

    def __init__(self, country: str) -> None:
        super().__init__(country)
        self.country = country


def is_known(country: str) -> bool:
    """Whether numbers of that country can be judged here."""
    return country in places.EU or country in _OTHERS


def prefix(country: str) -> str:
    """What its numbers begin with: the country's code, but for Greece's."""
    return "EL" if country == "GR" else country


def example(country: str) -> str:
    """How one looks."""
    return _EXAMPLES.get(country) or prefix(country) + "123456789012"[: _DIGITS.get(country, 8)]


def written(text: str, country: str) -> str:
    """As it is kept: prefix first, without spaces. Unfit if it can be none of that country's."""
    compact = "".join(letter for letter in text.upper() if letter.isascii() and letter.isalnum())
    own = prefix(country)
    if country == "GB" and compact.startswith(NORTHERN):
        return NORTHERN + written(compact.removeprefix(NORTHERN), country).removeprefix(own)
    for begins in (own, country):  # Greeks write GR as well as EL
        if compact.startswith(begins):
            compact = compact.removeprefix(begins)
            break
    else:
        begun = compact[:2]
        # French and other numbers may begin with letters of their own: those that fit are the country's.
        if begun in _PREFIXES and not _fits(compact, country):
            raise OfAnother(begun)
    try:
        return _judged(compact, country)
    except Wrong as error:
        raise Unfit(text) from error


_PREFIXES = {*map(prefix, places.EU), *_OTHERS, "GR", "XI"}


def _fits(bare: str, country: str) -> bool:
    try:
        return bool(_judged(bare, country))
    except Wrong:
        return False


def _judged(bare: str, country: str) -> str:
    """With its prefix; stdnum's ValidationError. `bare` is without."""
    if country == "CH":
        digits = bare.removeprefix("E")
        module: Any = import_module("stdnum.ch.vat")
        return str(module.validate(f"CHE{digits}" if not digits.isdigit() else f"CHE{digits}MWST"))
    name = _OTHERS.get(country)
    module = import_module(name) if name else get_cc_module(country.lower(), "vat")
    return f"{prefix(country)}{module.validate(bare)}"
