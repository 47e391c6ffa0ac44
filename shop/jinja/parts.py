"""Parts of pages that come dozens of times a page: written here, they cost a tenth of a template's macro."""

from collections.abc import Mapping
from decimal import Decimal
from functools import cache, lru_cache
from html import escape
from typing import Any

from django.utils.translation import gettext
from markupsafe import Markup

from shop.jinja.links import static
from shop.jinja.words import language_now
from shop.money import Money

Picture = Mapping[str, Any]
CARD = 4 / 5  # the shape of a card: such a picture has air to lose where a place is wider


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
    # Every value is escaped here, by the standard library: Markup.format takes five times as long, and a page
    # of cards has seven hundred values.
    css = " ".join(filter(None, ("picture", _lying(picture), css)))
    if not picture.get("src"):
        name, said = _missing(picture)
        return Markup(  # noqa: S704
            f'<svg class="{escape(css)} picture--none" role="img"'
            f' aria-label="{escape(said)}" viewBox="0 0 80 100">'
            f'<use href="{static("img/places.svg")}#{name}"></use></svg>'
        )
    srcset = picture.get("srcset") or {}
    wanted = _wanted(sizes, eager)
    sources = "".join(
        f'<source type="image/{kind}" srcset="{escape(srcset[kind])}" sizes="{wanted}">'
        for kind in ("avif", "webp")
        if srcset.get(kind)
    )
    jpeg = srcset.get("jpeg")
    fallback = f' srcset="{escape(jpeg)}" sizes="{wanted}"' if jpeg else ""
    loading = 'fetchpriority="high"' if eager else 'loading="lazy" decoding="async"'
    return Markup(  # noqa: S704
        f'<picture class="{escape(css)}">{sources}<img src="{escape(picture["src"])}"{fallback}'
        f' width="{int(picture["width"])}" height="{int(picture["height"])}"'
        f' alt="{escape(picture.get("alt", ""))}" {loading}></picture>'
    )


@cache
def _wanted(sizes: str, eager: bool) -> str:
    """Browsers that know `auto` use the laid-out width; it only holds for lazy pictures."""
    return escape(sizes if eager else f"auto, {sizes}")


def _lying(picture: Picture) -> str:
    """The classes of what lies on a mat: a cut-out, or a photograph whose white takes the mat's colour.

    What is not shaped like a card is shown whole, unless a side cuts it off anyway.
    """
    mat = picture.get("mat")
    if not mat or not picture.get("src"):
        return f"picture--{mat}" if mat else ""
    white = picture.get("white")
    is_card = abs(picture["width"] / picture["height"] - CARD) < 0.02
    is_whole = not is_card and white != "most"
    return f"picture--{mat}{' picture--blend' if white else ''}{' picture--whole' if is_whole else ''}"


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


def price(
    amount: Money,
    list_price: Money | None = None,
    is_from: bool = False,
    short: bool = True,
    css: str = "",
) -> Markup:
    """A price in words that hold without the strike-through and the colour."""
    return _price(language_now(), amount, list_price, is_from, short, css)


@lru_cache(maxsize=10_000)
def _price(
    language: str, amount: Money, list_price: Money | None, is_from: bool, short: bool, css: str
) -> Markup:
    classes = " ".join(filter(None, ("price", css, "price--sale" if list_price else "")))
    first = hidden(gettext("Sale price")) if list_price else Markup()
    if is_from:
        first += Markup('<span class="price__from">{} </span>').format(gettext("from"))
    said = Markup('<span class="{}">{}<span class="price__now">{}</span>').format(
        classes, first, amount.format(short=short)
    )
    if list_price:
        regular, was = hidden(gettext("Regular price")), list_price.format(short=short)
        said += Markup(' {}<s class="price__was">{}</s>').format(regular, was)
    return said + Markup("</span>")


def hidden(words: str) -> Markup:
    """Words for who listens."""
    return Markup('<span class="visually-hidden">{} </span>').format(words)


def stars(rating: Decimal | float, css: str = "") -> Markup:
    """Five stars that say their number; drawn to the half, as a star that lacks a tip looks broken."""
    return _stars(language_now(), str(rating), css)


@lru_cache(maxsize=1_000)
def _stars(language: str, rating: str, css: str) -> Markup:
    row = "".join(
        f'<use href="{static("img/icons.svg")}#star" x="{place * 20}" width="20" height="20"{{}}></use>'
        for place in range(5)
    )
    return Markup(
        '<svg class="{}" role="img" aria-label="{}" viewBox="0 0 100 20">'
        '{}<svg width="{}" height="20">{}</svg></svg>'
    ).format(
        f"stars {css}".strip(),
        gettext("%(rating)s of 5 stars") % {"rating": rating},
        Markup(row.replace("{}", ' class="stars__empty"')),  # noqa: S704
        round(float(rating) * 2) * 10,
        Markup(row.replace("{}", "")),  # noqa: S704
    )
