"""The storefront's Jinja2 environment: what its templates may call. Nothing here reads the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, TypedDict

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_decimal, format_percent, get_currency_symbol
from django.conf import settings
from django.http import HttpRequest
from django.templatetags import static as static_tags
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext, ngettext, npgettext, pgettext
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from shop import addresses, markets
from shop.markets import Market
from shop.money import Money

Picture = Mapping[str, Any]
CARD = 4 / 5  # the shape of a card: such a picture has air to lose where a place is wider


class Alternate(TypedDict):
    """The page asked for, in a market; where that has none (`is_same` False), the next best."""

    market: Market
    language: str
    symbol: str
    url: str
    absolute: str
    is_current: bool
    is_same: bool


@dataclass(frozen=True)
class Presence:
    """Left as `request.presence` by a view whose page not every market has.

    codes: of the markets that have it; instead: a path of the current market that every other one has too.
    """

    codes: frozenset[str]
    instead: str


def url(name: str, *args: object, **kwargs: object) -> str:
    """The path of a named page in the current market."""
    return reverse(name, kwargs=kwargs) if kwargs else addresses.path(name, *args)


def money(amount: Money | None, short: bool = False) -> str:
    """€38.00, or €38 if `short`; nothing for None."""
    return "" if amount is None else amount.format(short=short)


@cache
def static(path: str) -> str:
    """The address of a static file; it does not change while this process lives."""
    return static_tags.static(path)


@lru_cache(maxsize=1_000)
def icon(name: str, label: str | None = None) -> Markup:
    """A drawing of static/img/icons.svg; without `label` it is decoration, silent to screen readers."""
    said = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup('<svg class="icon" width="20" height="20" {}><use href="{}#{}"></use></svg>').format(
        said, static("img/icons.svg"), name
    )


def picture(picture: Picture, sizes: str, eager: bool = False, css: str = "") -> Markup:
    """A <picture> that holds its room before it has loaded; where there is none yet, a drawn place for it.

    A cut-out lies on its mat. `eager` is for the one picture of the first screen that matters most.
    """
    css = " ".join(filter(None, ("picture", _lying(picture), css)))
    if not picture.get("src"):
        name, said = _missing(picture)
        return Markup(
            '<svg class="{} picture--none" role="img" aria-label="{}" viewBox="0 0 80 100">'
            '<use href="{}#{}"></use></svg>'
        ).format(css, said, static("img/places.svg"), name)
    srcset = picture.get("srcset") or {}
    # Browsers that know `auto` use the laid-out width; it only holds for lazy pictures.
    wanted = escape(sizes if eager else f"auto, {sizes}")
    sources = "".join(
        f'<source type="image/{kind}" srcset="{escape(srcset[kind])}" sizes="{wanted}">'
        for kind in ("avif", "webp")
        if srcset.get(kind)
    )
    jpeg = srcset.get("jpeg")
    fallback = f' srcset="{escape(jpeg)}" sizes="{wanted}"' if jpeg else ""
    loading = 'fetchpriority="high"' if eager else 'loading="lazy" decoding="async"'
    # Every value is escaped here: Markup.format does the same and takes three times as long, 40 times a page.
    return Markup(  # noqa: S704
        f'<picture class="{escape(css)}">{sources}<img src="{escape(picture["src"])}"{fallback}'
        f' width="{int(picture["width"])}" height="{int(picture["height"])}"'
        f' alt="{escape(picture.get("alt", ""))}" {loading}></picture>'
    )


def _lying(picture: Picture) -> str:
    """The class of a cut-out's mat; one that is not shaped like a card is shown whole."""
    mat = picture.get("mat")
    if not mat or not picture.get("src"):
        return f"picture--{mat}" if mat else ""
    is_card = abs(picture["width"] / picture["height"] - CARD) < 0.02
    return f"picture--{mat}" if is_card else f"picture--{mat} picture--whole"


def _missing(picture: Picture) -> tuple[str, str]:
    """What stands for a picture that is not there: a drawing of places.svg, and its words."""
    shown = picture.get("alt")
    if picture.get("width"):  # its size is known: someone is making it
        said = gettext("On its way: %(picture)s") if shown else gettext("A picture is on its way")
        return "begun", said % {"picture": shown}
    said = gettext("No picture yet: %(name)s") if shown else gettext("No picture yet")
    return "place", said % {"name": shown}


def widest(picture: Picture) -> str:
    """The address of the largest JPEG rendition, for the link that opens a picture by itself."""
    candidates = (picture.get("srcset") or {}).get("jpeg") or ""
    return candidates.split(",")[-1].strip().split(" ")[0] or picture.get("src") or ""


def absolute(path: str) -> str:
    """The whole address of a path of this site, for those who read the page elsewhere."""
    return settings.SITE_URL + path if path.startswith("/") else path


def alternates(request: HttpRequest | None) -> list[Alternate]:
    """The page asked for in every market, the default one first; the home pages where no request is known."""
    path = request.path_info if request is not None else "/"
    presence: Presence | None = getattr(request, "presence", None)
    here = markets.current()
    found: list[Alternate] = []
    for market in markets.all():
        is_same = presence is None or market.code in presence.codes
        shown = path if presence is None or is_same else f"/{presence.instead.removeprefix(here.mount)}"
        there = market.mount + shown.removeprefix("/")
        found.append(
            {
                "market": market,
                "language": _tag(market),
                "symbol": get_currency_symbol(market.currency, locale=_locale(market.language)),
                "url": there,
                "absolute": absolute(there),
                "is_current": market == here,
                "is_same": is_same,
            }
        )
    return found


def date_filter(value: date | datetime | None, pattern: str | None = None) -> str:
    """Wed 25 Nov, or as the babel `pattern` says; moments are told in the shop's time zone."""
    if value is None:
        return ""
    if isinstance(value, datetime) and timezone.is_aware(value):
        value = timezone.localtime(value)
    # Translators: a date without its year, as babel (CLDR) writes patterns.
    pattern = pattern or pgettext("date pattern", "EEE d MMM")
    return format_date(value, pattern, locale=_locale())


def time_filter(value: time | datetime) -> str:
    """15:00; moments are told in the shop's time zone."""
    if isinstance(value, datetime) and timezone.is_aware(value):
        value = timezone.localtime(value)
    # Translators: a time of day, as babel (CLDR) writes patterns.
    return format_time(value, pgettext("time pattern", "HH:mm"), locale=_locale())


def dates(earliest: date, latest: date) -> str:
    """Wed 25 – Fri 27 Nov: the month is said once if it is the same, and no date breaks over lines."""
    first, last = date_filter(earliest), date_filter(latest)
    if (earliest.year, earliest.month) == (latest.year, latest.month):
        # Translators: the first date of a range within one month, as babel (CLDR) writes patterns.
        first = date_filter(earliest, pgettext("date pattern", "EEE d"))
    parts = [last] if earliest == latest else [first, last]
    return "\N{NO-BREAK SPACE}– ".join(part.replace(" ", "\N{NO-BREAK SPACE}") for part in parts)


def percent(rate: Decimal | float) -> str:
    """19% for the fraction 0.19, with up to two decimals where they matter."""
    return format_percent(rate, "#,##0.##%", locale=_locale())


def number(count: int) -> str:
    """10,000"""
    return format_decimal(count, locale=_locale())


def rich(html: str) -> Markup:
    """HTML that was cleaned when it was saved, as it is."""
    return Markup(html)  # noqa: S704


def _said(message: str) -> str:
    """gettext, remembered: a list says the same few words in each of its cards."""
    return _translated(translation.get_language() or "", message)


@cache
def _translated(language: str, message: str) -> str:
    return gettext(message)


def _locale(language: str | None = None) -> Locale:
    return _parsed(language or translation.get_language() or "en")


@cache
def _parsed(language: str) -> Locale:
    return Locale.parse(language, sep="-")


def _tag(market: Market) -> str:
    """The hreflang of a market: its language alone for the default one, else with its country."""
    language = market.language.split("-")[0]
    return language if market == markets.default() else f"{language}-{market.country}"


def _is_markup(name: str | None) -> bool:
    """Everything is escaped but the text of mails: there, "Ada & Bob" is no entity."""
    return not (name or "").endswith(".txt")


def environment(**options: Any) -> Environment:
    """What Django's Jinja2 backend asks for."""
    options = {
        "trim_blocks": True,
        "lstrip_blocks": True,
        "undefined": StrictUndefined,
        **options,
        "autoescape": _is_markup,
        "extensions": ["jinja2.ext.i18n", "jinja2.ext.do", *options.get("extensions", ())],
    }
    env = Environment(**options)  # noqa: S701 (it is a function)
    env.policies["ext.i18n.trimmed"] = True
    env.install_gettext_callables(  # type: ignore[attr-defined]
        _said, ngettext, newstyle=True, pgettext=pgettext, npgettext=npgettext
    )
    env.globals.update(
        url=url,
        static=static,
        money=money,
        icon=icon,
        picture=picture,
        widest=widest,
        absolute=absolute,
        market=markets.current,
        alternates=alternates,
        site_name=settings.SITE_NAME,
        is_demo=settings.DEMO,
    )
    env.filters.update(
        date=date_filter, dates=dates, number=number, percent=percent, rich=rich, time=time_filter
    )
    return env
