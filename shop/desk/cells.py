"""What stands in the cells of lists and rows: amounts, counts, moments, states, rates and countries."""

from datetime import datetime

from babel import Locale
from django.utils import timezone, translation
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from shop.money import Money

# What CLDR lists among the territories, but nobody lives in.
NO_COUNTRIES = {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}


def amount(money: Money | None) -> SafeString:
    """An amount for a column, aligned by its digits."""
    return format_html('<span class="amount">{}</span>', "–" if money is None else str(money))


def number(count: int) -> SafeString:
    """A count for a column, aligned like an amount."""
    return format_html('<span class="amount">{}</span>', grouped(count))


def signed(change: int) -> SafeString:
    """A change for a column: +12, −3, or a dash for none."""
    if not change:
        return format_html('<span class="amount">{}</span>', "–")
    sign = "+" if change > 0 else "\N{MINUS SIGN}"
    return format_html('<span class="amount">{}{}</span>', sign, grouped(abs(change)))


def grouped(count: int) -> str:
    """10,000, as the language in use groups digits."""
    return number_format(count, force_grouping=True)


def moment(at: datetime | None) -> SafeString | str:
    """When, in the one format that the desk has for it."""
    if at is None:
        return "–"
    local = timezone.localtime(at)
    return format_html(
        '<time class="moment" datetime="{}">{}</time>',
        local.isoformat(timespec="seconds"),
        date_format(local, "DATETIME_FORMAT"),
    )


def pill(state: str, label: object) -> SafeString:
    """A state as a word with a dot: "good", "low", "bad" or "quiet" is the dot's colour."""
    return format_html('<span class="pill pill-{}">{}</span>', state, capfirst(str(label)))


def country(code: str) -> str:
    """Germany for DE; a code that nobody knows stays as it is."""
    return _territories().get(code, code)


def countries() -> list[tuple[str, str]]:
    """Codes and names of all countries, by name: the choices of a form."""
    known = [
        (code, name)
        for code, name in _territories().items()
        if len(code) == 2 and code.isalpha() and code not in NO_COUNTRIES
    ]
    return sorted(known, key=lambda pair: pair[1])


def _territories() -> dict[str, str]:
    return dict(Locale.parse(translation.get_language() or "en", sep="-").territories)
