"""What lists repeat: a product's card and a filter's value, in HTML. Why not in templates: see parts.py."""

from collections.abc import Mapping
from functools import lru_cache
from html import escape
from typing import Any

from django.utils.translation import gettext, ngettext
from markupsafe import Markup

from shop.jinja.parts import hidden, icon, picture, price
from shop.jinja.words import language_now, number, percent

SIZES = "(min-width: 62rem) 18rem, (min-width: 44rem) 31vw, 46vw"  # of a card's picture, as card.css lays it


def card(card: Mapping[str, Any], eager: bool = False, rating: bool = False, heading: str = "h3") -> Markup:
    """A product: picture, name, kind, price. The name's link covers the card."""
    language, is_out = language_now(), card["availability"] == "out"
    kind = ", ".join(filter(None, (card["kind"], card["detail"])))
    said = f'<p class="card__kind">{escape(kind)}</p>\n' if kind else ""
    stars = _rating(language, str(card["rating"]), card["rating_count"]) if rating and card["rating"] else ""
    badge = _badge(language, card["badge"], card["discount"], is_out)
    return Markup(  # noqa: S704 (every value is escaped here, as in parts.py)
        f'<article class="card{" card--out" if is_out else ""}">'
        f'<div class="card__picture">{picture(card["picture"], SIZES, eager=eager)}{badge}</div>\n'
        f'<{heading} class="card__name">'
        f'<a class="card__link" href="{escape(card["url"])}">{escape(card["name"])}</a></{heading}>\n{said}'
        f'<p class="card__price">{price(card["price"], card["list_price"], card["is_from"])} {stars}</p>'
        "</article>"
    )


@lru_cache(maxsize=1_000)
def _badge(language: str, badge: str | None, discount: int | None, is_out: bool) -> Markup:
    """One word on the picture, or none."""
    if badge == "sale" and discount:
        css, said = " badge--sale", f"−{percent(discount / 100)}"
    elif badge == "new":
        css, said = "", gettext("New")
    elif badge == "low":
        css, said = "", gettext("Last few")
    elif is_out:
        css, said = " badge--out", gettext("Sold out")
    else:
        return Markup()
    return Markup('<span class="badge{}">{}</span>').format(css, said)


@lru_cache(maxsize=10_000)
def _rating(language: str, rating: str, count: int) -> Markup:
    said = ngettext("of 5 by %(num)d customer", "of 5 by %(num)d customers", count) % {"num": count}
    return Markup('<span class="card__rating">{}{}{} <span aria-hidden="true">({})</span> {}</span>').format(
        icon("star"), hidden(gettext("rated")), rating, count, hidden(said)
    )


def facet_value(facet: Mapping[str, Any], value: Mapping[str, Any]) -> Markup:
    """A value to filter by: a check box that says how many goods there would be."""
    code, slug, is_selected = escape(facet["code"]), escape(value["slug"]), value["is_selected"]
    is_none = value["is_disabled"] and not is_selected
    state = " checked" if is_selected else " disabled" if is_none else ""
    return Markup(  # noqa: S704
        f'<label class="facet__value{" facet__value--none" if is_none else ""}">'
        f'<input class="check" type="checkbox" id="facet-{code}-{slug}" name="{code}" value="{slug}"{state}> '
        f"{swatch(value['swatch']) if value['swatch'] else ''}"
        f'<span class="facet__name">{escape(value["label"])}</span> '
        f'<span class="facet__count">{number(value["count"])}</span></label>'
    )


@lru_cache(maxsize=1_000)
def swatch(colour: str) -> Markup:
    """A dot of that colour."""
    dot = Markup('<circle cx="8" cy="8" r="8" fill="{}"></circle>').format(colour)
    return Markup('<svg class="swatch" aria-hidden="true" viewBox="0 0 16 16">{}</svg>').format(dot)
