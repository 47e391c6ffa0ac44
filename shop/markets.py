"""Where the shop sells: each market has a language, a currency and a prefix of its public addresses."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from babel import Locale
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponsePermanentRedirect
from django.urls import get_script_prefix, reverse, set_script_prefix
from django.utils import translation

from shop.money import MOST_DIGITS, digits

# "gb", "de-ch", "es-419", "zh-hant": no page's address begins so, and the edge knows private pages behind it.
PREFIX = re.compile(r"[a-z]{2}(-[a-z0-9]{2,4})?")
# Addresses that exist once, whatever the market.
UNPREFIXED = ("admin/", "edge/", "favicon.ico", "healthz", "readyz", "media/", "static/", "dev/")


@dataclass(frozen=True)
class Market:
    """One place to sell to. `prefix` is "" for the default market; `tax_shown`: prices include tax."""

    code: str
    name: str
    prefix: str
    language: str
    currency: str
    country: str
    tax_shown: bool = True

    @property
    def mount(self) -> str:
        """The script prefix under which this market's pages live: "/" or "/gb/"."""
        return f"/{self.prefix}/" if self.prefix else "/"


_current: ContextVar[Market | None] = ContextVar("market", default=None)


def all() -> tuple[Market, ...]:
    """Every market, the default one first."""
    return tuple(settings.MARKETS)


def default() -> Market:
    """The market without a prefix."""
    return all()[0]


def get(code: str) -> Market:
    """The market of that code; KeyError if there is none."""
    for market in all():
        if market.code == code:
            return market
    raise KeyError(code)


def get_or_default(code: str) -> Market:
    """The market of that code; the default one if it has been given up since."""
    return next((market for market in all() if market.code == code), default())


def current() -> Market:
    """The market of this request or `use` block, else the default one."""
    return _current.get() or default()


@contextmanager
def use(market: Market) -> Iterator[Market]:
    """Texts, addresses and prices of this market inside the block."""
    token = _current.set(market)
    before = get_script_prefix()
    set_script_prefix(market.mount)
    try:
        with translation.override(market.language):
            yield market
    finally:
        set_script_prefix(before)
        _current.reset(token)


def spoken(language: str) -> frozenset[str]:
    """For which a word in this language is meant: "" (all), "en" and "en-gb"."""
    return frozenset({"", language.split("-")[0], language})


def url(market: Market, name: str, *args: object, **kwargs: object) -> str:
    """The path of a named page in that market."""
    with use(market):
        return reverse(name, args=args or None, kwargs=kwargs or None)


def check(markets: tuple[Market, ...]) -> tuple[Market, ...]:
    """The same markets, or ImproperlyConfigured.

    The first has no prefix, each other one that fits PREFIX; codes and prefixes are unique. Currencies are
    those of ISO 4217 whose amounts the columns of prices hold.
    """
    if not markets or markets[0].prefix:
        raise ImproperlyConfigured("The first of MARKETS is the default and has no prefix.")
    if len({m.code for m in markets}) < len(markets) or len({m.prefix for m in markets}) < len(markets):
        raise ImproperlyConfigured("Codes and prefixes of MARKETS must be unique.")
    for market in markets[1:]:
        if not PREFIX.fullmatch(market.prefix):
            raise ImproperlyConfigured(
                f"MARKETS: the prefix {market.prefix!r} of {market.name} must be two small letters,"
                " which two to four letters or digits may follow after a hyphen: gb, de-ch, zh-hant."
            )
    for market in markets:
        if market.currency not in Locale("en").currencies:
            raise ImproperlyConfigured(f"MARKETS: {market.currency!r} of {market.name} is no currency.")
        if digits(market.currency) > MOST_DIGITS:
            raise ImproperlyConfigured(
                f"MARKETS: {market.currency} of {market.name} has {digits(market.currency)} decimals, and"
                f" prices are kept with {MOST_DIGITS}: sell there in another currency."
            )
    return markets


class MarketMiddleware:
    """Mounts the shop at the market's prefix, as a server mounts an application at SCRIPT_NAME.

    `reverse()` then gives this market's addresses, and the URLconf needs to know no market.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        head, slash, rest = request.path_info.removeprefix("/").partition("/")
        market = next((m for m in all() if m.prefix and m.prefix == head), default())
        if market.prefix and not slash:
            return HttpResponsePermanentRedirect(market.mount)
        request.market = market  # type: ignore[attr-defined]
        if market.prefix:
            if rest.startswith(UNPREFIXED):
                raise Http404
            request.path_info = "/" + rest
        with use(market):
            return self.get_response(request)
