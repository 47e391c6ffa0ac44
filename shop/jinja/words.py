"""What templates say in the reader's language: texts, dates, numbers, amounts."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache, lru_cache

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_decimal, format_percent
from django.utils import timezone, translation
from django.utils.translation import gettext, ngettext, pgettext
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from shop.money import Money


@pass_eval_context
def said(context: EvalContext, message: str, **variables: object) -> str:
    """Jinja's newstyle gettext, remembered: a list says the same few words in each of its cards."""
    language, is_markup = language_now(), bool(context.autoescape)
    if variables:
        return _translated(language, message, is_markup) % variables
    return _alone(language, message, is_markup)


@pass_eval_context
def counted(context: EvalContext, singular: str, plural: str, num: int, **variables: object) -> str:
    """Jinja's newstyle ngettext, remembered too: "%(num)d" is the number."""
    language, is_markup = language_now(), bool(context.autoescape)
    if variables:
        return _plural(language, singular, plural, num, is_markup) % {"num": num, **variables}
    return _numbered(language, singular, plural, num, is_markup)


@lru_cache(maxsize=10_000)
def _numbered(language: str, singular: str, plural: str, number: int, is_markup: bool) -> str:
    return _plural(language, singular, plural, number, is_markup) % {"num": number}


@lru_cache(maxsize=10_000)
def _plural(language: str, singular: str, plural: str, number: int, is_markup: bool) -> str:
    said = ngettext(singular, plural, number)
    return Markup(said) if is_markup else said  # noqa: S704


@cache
def _alone(language: str, message: str, is_markup: bool) -> str:
    return _translated(language, message, is_markup) % {}


@cache
def _translated(language: str, message: str, is_markup: bool) -> str:
    said = gettext(message)
    return Markup(said) if is_markup else said  # noqa: S704 (translators are not strangers)


def money(amount: Money | None, short: bool = False) -> str:
    """€38.00, or €38 if `short`; nothing for None."""
    return "" if amount is None else amount.format(short=short)


def date_filter(value: date | datetime | None, pattern: str | None = None) -> str:
    """Wed 25 Nov, or as the babel `pattern` says; moments are told in the shop's time zone."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = (timezone.localtime(value) if timezone.is_aware(value) else value).date()
    # Translators: a date without its year, as babel (CLDR) writes patterns.
    pattern = pattern or pgettext("date pattern", "EEE d MMM")
    return _date(value, pattern, language_now())


@lru_cache(maxsize=1_000)
def _date(value: date, pattern: str, language: str) -> str:
    return format_date(value, pattern, locale=locale_of(language))


def time_filter(value: time | datetime) -> str:
    """15:00; moments are told in the shop's time zone."""
    if isinstance(value, datetime) and timezone.is_aware(value):
        value = timezone.localtime(value)
    # Translators: a time of day, as babel (CLDR) writes patterns.
    return format_time(value, pgettext("time pattern", "HH:mm"), locale=locale_of(language_now()))


def moment(value: datetime) -> str:
    """15:00 of today, Wed 25 Nov, 15:00 of another day."""
    is_today = timezone.localtime(value).date() == timezone.localdate()
    return time_filter(value) if is_today else f"{date_filter(value)}, {time_filter(value)}"


def dates(earliest: date, latest: date) -> str:
    """Wed 25 – Fri 27 Nov: the month is said once if it is the same, and no date breaks over lines."""
    return _dates(language_now(), earliest, latest)


@lru_cache(maxsize=1_000)
def _dates(language: str, earliest: date, latest: date) -> str:
    first, last = date_filter(earliest), date_filter(latest)
    if (earliest.year, earliest.month) == (latest.year, latest.month):
        # Translators: the first date of a range within one month, as babel (CLDR) writes patterns.
        first = date_filter(earliest, pgettext("date pattern", "EEE d"))
    parts = [last] if earliest == latest else [first, last]
    return "\N{NO-BREAK SPACE}– ".join(part.replace(" ", "\N{NO-BREAK SPACE}") for part in parts)


def percent(rate: Decimal | float) -> str:
    """19% for the fraction 0.19, with up to three decimals where they matter."""
    return _percent(rate, language_now())


def number(count: int) -> str:
    """10,000"""
    return _number(count, language_now())


@lru_cache(maxsize=1_000)
def _percent(rate: Decimal | float, language: str) -> str:
    return format_percent(rate, "#,##0.###%", locale=locale_of(language))


@lru_cache(maxsize=10_000)
def _number(count: int, language: str) -> str:
    return format_decimal(count, locale=locale_of(language))


def rich(html: str) -> Markup:
    """HTML that was cleaned when it was saved, as it is."""
    return Markup(html)  # noqa: S704


@cache
def locale_of(language: str) -> Locale:
    """What babel knows of a language such as en-gb. Slow to hash: results are remembered by the language."""
    return Locale.parse(language, sep="-")


def language_now() -> str:
    """The reader's: what is remembered is remembered for it."""
    return _rendered.get() or translation.get_language() or "en"


_rendered: ContextVar[str] = ContextVar("language of the template that is rendered", default="")


@contextmanager
def one_language() -> Iterator[None]:
    """While a template is rendered its language stays: a page asks for it hundreds of times."""
    token = _rendered.set(translation.get_language() or "en")
    try:
        yield
    finally:
        _rendered.reset(token)
