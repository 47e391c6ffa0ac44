"""What the template of a list is given: cards, filters, chips, pages, each with its address."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from babel import Locale
from babel.numbers import get_currency_symbol
from django.conf import settings
from django.utils.translation import gettext as _

from catalog.forms import ListingParameters, typed
from catalog.queries.listing import Facet, Listing
from shop.markets import Market
from shop.money import Money

AROUND = 1  # pages linked on either side of this one, beside the first and the last

SORTS: dict[str, Callable[[], str]] = {
    "relevance": lambda: _("Best match"),
    "popular": lambda: _("Most loved"),
    "new": lambda: _("Newest"),
    "price": lambda: _("Price, low to high"),
    "-price": lambda: _("Price, high to low"),
    "rating": lambda: _("Best rated"),
    "name": lambda: _("Name"),
}


def shape(
    listing: Listing, parameters: ListingParameters, path: str, market: Market, *, is_sale: bool = False
) -> dict[str, Any]:
    """The list as the template wants it. is_sale: being on sale is the list itself, no filter of it."""
    chosen = parameters.selection
    chips = _chips(parameters, path, market, is_sale)
    hidden = [("q", parameters.query)] if parameters.query else []
    facets = [_facet(facet) for facet in listing.facets]
    if is_sale:
        hidden.append(("sale", "1"))
    elif listing.on_sale or chosen.on_sale:
        facets.append(_offers(listing, chosen.on_sale))
    return {
        "total": listing.total,
        "is_cut": listing.is_cut,
        "first": (listing.page - 1) * settings.CARDS_PER_PAGE + 1,  # the place of its first card in all
        "cards": listing.cards,
        "page": listing.page,
        "pages": listing.pages,
        "page_links": [
            number
            and {
                "number": number,
                "url": parameters.at(number).url(path),
                "is_current": number == listing.page,
            }
            for number in _numbers(listing.page, listing.pages)
        ],
        "prev_url": parameters.at(listing.page - 1).url(path) if listing.page > 1 else None,
        "next_url": parameters.at(listing.page + 1).url(path) if listing.page < listing.pages else None,
        "sort": chosen.sort,
        "sorts": _sorts(parameters),
        "facets": facets,
        "price": _price(listing, parameters, path, market),
        "chips": chips,
        "clear_url": parameters.without_filters(keep_sale=is_sale).url(path),
        "action": path,
        "is_filtered": bool(chips),
        "hidden": hidden,
    }


def _facet(facet: Facet) -> dict[str, Any]:
    return {
        "code": facet.code,
        "name": facet.name,
        "kind": facet.kind,
        "values": [
            {
                "slug": value.slug,
                "label": value.label,
                "swatch": value.swatch,
                "count": value.count,
                "is_selected": value.is_selected,
                "is_disabled": value.is_disabled,
            }
            for value in facet.values
        ],
    }


def _offers(listing: Listing, is_selected: bool) -> dict[str, Any]:
    """Being on sale, as one more thing to filter by."""
    value = {"slug": "1", "label": _("On sale"), "swatch": "", "count": listing.on_sale}
    value |= {"is_selected": is_selected, "is_disabled": not listing.on_sale}
    return {"code": "sale", "name": _("Offers"), "kind": "choice", "values": [value]}


def _price(
    listing: Listing, parameters: ListingParameters, path: str, market: Market
) -> dict[str, Any] | None:
    """The bounds typed, and those that make sense; nothing where all costs the same."""
    chosen = parameters.selection
    is_chosen = chosen.least is not None or chosen.most is not None
    if not is_chosen and (listing.floor is None or listing.floor == listing.ceiling):
        return None
    return {
        "min": "" if chosen.least is None else typed(chosen.least),
        "max": "" if chosen.most is None else typed(chosen.most),
        "symbol": get_currency_symbol(market.currency, locale=Locale.parse(market.language, sep="-")),
        "ranges": [
            {
                "label": _range_label(span.least, span.most, market),
                "url": parameters.at_price(span.least, span.most).url(path),
                "count": span.count,
                "is_current": (chosen.least, chosen.most) == (span.least, span.most),
            }
            for span in listing.ranges
        ],
        "floor": Money(listing.floor or Decimal(0), market.currency),
        "ceiling": Money(listing.ceiling or Decimal(0), market.currency),
    }


def _chips(parameters: ListingParameters, path: str, market: Market, is_sale: bool) -> list[dict[str, str]]:
    """What is chosen, each with the address of the list without it."""
    chosen = parameters.selection
    chips = [
        {"label": choice.label, "url": parameters.without(choice).url(path)} for choice in chosen.choices
    ]
    if chosen.least is not None or chosen.most is not None:
        label = _range_label(chosen.least, chosen.most, market)
        chips.append({"label": label, "url": parameters.at_price(None, None).url(path)})
    if chosen.on_sale and not is_sale:
        chips.append({"label": _("On sale"), "url": parameters.without_sale().url(path)})
    return chips


def _range_label(least: Decimal | int | None, most: Decimal | int | None, market: Market) -> str:
    """up to €30, €30 to €50, from €50"""
    values = {
        name: Money(Decimal(bound), market.currency).format(short=True)
        for name, bound in (("least", least), ("most", most))
        if bound is not None
    }
    if "least" not in values:
        return _("up to %(most)s") % values
    return _("%(least)s to %(most)s") % values if "most" in values else _("from %(least)s") % values


def _sorts(parameters: ListingParameters) -> list[dict[str, Any]]:
    return [
        {"value": value, "label": label(), "is_current": value == parameters.selection.sort}
        for value, label in SORTS.items()
        if value != "relevance" or parameters.query
    ]


def _numbers(page: int, pages: int) -> list[int | None]:
    """1 … 4 5 6 … 9: None is a gap, and a gap of one page is that page."""
    near = range(page - AROUND, page + AROUND + 1)
    shown = [number for number in range(1, pages + 1) if number in near or number in {1, pages}]
    numbers: list[int | None] = []
    for number in shown:
        before = numbers[-1] if numbers else 0
        if before is not None and number - before == 2:
            numbers.append(number - 1)
        elif before is not None and number - before > 2:
            numbers.append(None)
        numbers.append(number)
    return numbers
