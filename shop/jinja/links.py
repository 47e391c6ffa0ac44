"""Addresses in templates: pages, static files, and the page asked for in every market."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TypedDict

from babel.numbers import get_currency_symbol
from django.conf import settings
from django.http import HttpRequest
from django.templatetags import static as static_tags
from django.urls import reverse
from markupsafe import Markup

from shop import addresses, markets
from shop.jinja.words import locale_of
from shop.markets import Market


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


@cache
def static(path: str) -> str:
    """The address of a static file; it does not change while this process lives."""
    return static_tags.static(path)


def stylesheets(names: Iterable[str], folder: str = "css/") -> Markup:
    """Links to the stylesheets of these names."""
    return _stylesheets(tuple(names), folder)


@cache
def _stylesheets(names: tuple[str, ...], folder: str) -> Markup:
    link = Markup('<link rel="stylesheet" href="{}">\n')
    return Markup("").join(link.format(static(f"{folder}{name}.css")) for name in names)


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
                "symbol": _symbol(market.currency, market.language),
                "url": there,
                "absolute": absolute(there),
                "is_current": market == here,
                "is_same": is_same,
            }
        )
    return found


@cache
def _symbol(currency: str, language: str) -> str:
    return str(get_currency_symbol(currency, locale=locale_of(language)))


def _tag(market: Market) -> str:
    """The hreflang of a market: its language alone for the default one, else with its country."""
    language = market.language.split("-")[0]
    return language if market == markets.default() else f"{language}-{market.country}"
