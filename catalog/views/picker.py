"""The choice of a variant: which one an address means, and what every other value would cost."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from catalog.models import Attribute
from catalog.queries.products import WITHOUT, Found, Offer, OptionValue
from catalog.views import pictures
from shop.money import Money


def choose(found: Found, asked: Mapping[str, str]) -> Offer:
    """The offer that fits most of what is asked, of those one in stock, of those what the page opens on.

    Of those the cheapest. Who sees a frame first means the frame; taking it off is one click in sight.
    """
    front = pictures.front(found)

    def likeness(offer: Offer) -> int:
        return sum(code in offer.options and offer.options[code].slug == slug for code, slug in asked.items())

    def order(offer: Offer) -> tuple[int, bool, int, Decimal]:
        seen = pictures.shows(front, offer, found.codes) if front else 0
        return -likeness(offer), offer.is_out, -seen, offer.shown.price.amount

    return min(found.offers, key=order)


def asked_for(offer: Offer, asked: Mapping[str, str]) -> list[tuple[str, str]]:
    """(code, slug) of what the address chose and got, in the order of the options."""
    return [(code, value.slug) for code, value in offer.options.items() if asked.get(code) == value.slug]


def options(found: Found, chosen: Offer) -> list[dict[str, Any]]:
    """Each option with its values: what choosing one would cost if the other options stay as they are.

    The first option's values bear a price where it differs, the others' what they cost more than the least.
    """
    return [
        _option(found, chosen, code, is_first=number == 0)
        for number, code in enumerate(found.codes)
        if code in chosen.options
    ]


def _option(found: Found, chosen: Offer, code: str, *, is_first: bool) -> dict[str, Any]:
    attribute = chosen.options[code].attribute
    reachable = {
        value.pk: offer for value in _values(found, code) if (offer := _with(found, chosen, code, value))
    }
    prices = {offer.shown.price for offer in reachable.values()}
    least = min(prices)
    values = []
    for value in _values(found, code):
        offer = reachable.get(value.pk)
        extra = offer.shown.price - least if offer and not is_first else None
        values.append(
            {
                "slug": value.slug,
                "label": value.label,
                "swatch": value.swatch,
                "price": offer.shown.price if offer and is_first and len(prices) > 1 else None,
                "extra": extra,
                "is_selected": value.pk == chosen.options[code].pk,
                "state": "missing" if offer is None else "out" if offer.is_out else "in",
            }
        )
    return {
        "code": code,
        "name": attribute.name,
        "kind": attribute.kind if any(value["swatch"] for value in values) else Attribute.Kind.CHOICE,
        "selected_label": _label(next(value for value in values if value["is_selected"])),
        "values": values,
    }


def _values(found: Found, code: str) -> list[OptionValue]:
    """The values that variants have, in the attribute's order, else in the variants'."""
    seen: dict[int | None, OptionValue] = {}
    for offer in found.offers:
        if code in offer.options:
            seen.setdefault(offer.options[code].pk, offer.options[code])
    return sorted(seen.values(), key=lambda value: value.position)


def _with(found: Found, chosen: Offer, code: str, value: OptionValue) -> Offer | None:
    """The chosen offer but for one value, if there is such a one."""
    wanted = {name: one.pk for name, one in chosen.options.items()} | {code: value.pk}
    for offer in found.offers:
        if {name: one.pk for name, one in offer.options.items()} == wanted:
            return offer
    return None


def _label(value: Mapping[str, Any]) -> str:
    """Black ash, +€29"""
    extra: Money | None = value["extra"]
    return f"{value['label']}, +{extra.format(short=True)}" if extra else value["label"]


def product(found: Found) -> dict[str, Any]:
    """The product as its template wants it."""
    item, card = found.product, found.card
    return {
        "id": item.pk,
        "slug": item.slug,
        "name": item.name,
        "kind": item.kind,
        "series": item.series,
        "brand": item.brand,
        "summary": item.summary,
        "description": item.description,
        "care": item.care,
        "rating": card["rating"] if card else None,
        "rating_count": card["rating_count"] if card else 0,
    }


def variant(found: Found, offer: Offer) -> dict[str, Any]:
    """The chosen variant; `others_from` is what the cheapest that can be had costs, as its cards say."""
    able = [one for one in found.offers if not one.is_out] or found.offers
    return {
        "others_from": min(one.shown.price for one in able),
        "id": offer.id,
        "sku": offer.sku,
        "price": offer.shown.price,
        "list_price": offer.shown.list_price,
        "availability": offer.availability,
        "options_label": offer_label(offer),
    }


def offer_label(offer: Offer) -> str:
    """30 × 40 cm, Oak"""
    return ", ".join(value.label for value in offer.options.values() if value.slug != WITHOUT)


def variants(found: Found) -> list[dict[str, Any]]:
    """All variants, for the script that answers a choice at once; without options there is none."""
    return [
        {
            "id": offer.id,
            "options": {code: value.slug for code, value in offer.options.items()},
            "price": offer.shown.price.format(),
            "amount": str(offer.shown.price.amount),
            "list": offer.shown.list_price.format() if offer.shown.list_price else None,
            "availability": offer.availability,
            "label": offer_label(offer),
            "sku": offer.sku,
            "picture": picture.pk if (picture := pictures.of(found, offer, found.codes)) else None,
        }
        for offer in found.offers
        if offer.options
    ]


def url_of(offer: Offer, path: str) -> str:
    """The product's address with this variant chosen."""
    pairs = [(code, value.slug) for code, value in offer.options.items()]
    return f"{path}?{urlencode(pairs)}" if pairs else path
