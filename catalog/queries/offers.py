"""Which of a product's offers a list means when it is filtered by options or by sale.

A card tells all offers, the cheapest first: [[value ids], price, list price or null, availability, detail].
"""

import json
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db.models import TextField
from django.db.models.functions import Cast

from catalog.models import Availability
from catalog.queries.selection import Choice, Selection

# As text: it is taken apart here, where it is needed.
COLUMNS = {"offered": Cast("offers", TextField()), "viewed": Cast("views", TextField())}


def meant(card: Mapping[str, Any], selection: Selection, names: Mapping[int, Choice]) -> dict[str, Any]:
    """What the card says instead, and `query`, which chooses it on the product's page; {}: it stays as it is.

    That is the cheapest offer in stock that meets choices and sale, as catalog.queries.statement counts.
    """
    if not selection.is_of_offers:
        return {}
    traits, wanted = set(card["traits"]), selection.values.values()
    able = [offer for offer in json.loads(card["offered"]) if offer[3] != Availability.OUT]
    chosen = [offer for offer in able if all(not traits.union(offer[0]).isdisjoint(ids) for ids in wanted)]
    fitting = [offer for offer in chosen if offer[2] is not None] if selection.on_sale else chosen
    if not fitting:
        return {}
    ids, price, list_price, _availability, detail = fitting[0]
    said = [choice for choice in selection.choices if choice.id in ids]
    seen = _seen(json.loads(card["viewed"]), ids, said) if said else {}
    if len(fitting) == len(able):
        return seen
    if len(fitting) < len(chosen):  # a sale has no name in the address: all options of its offer say which
        said = [names[pk] for pk in ids]
    states = {offer[3] for offer in fitting}
    return {
        **seen,
        "price": Decimal(price),
        "list_price": None if list_price is None else Decimal(list_price),
        "is_from": any(offer[1] != price for offer in fitting),
        "discount": _discount(Decimal(price), list_price),
        "availability": next(state for state in Availability.values if state in states),
        "detail": ", ".join(dict.fromkeys([detail, *(choice.label for choice in said)])),
        "query": urlencode([(choice.attribute_code, choice.slug) for choice in said]),
    }


def _seen(views: Sequence[Sequence[Any]], offer: Collection[int], said: Collection[Choice]) -> dict[str, Any]:
    """Its picture: the one that shows most of the offer, of those that say something of what is chosen.

    So the product's page chooses too: catalog.views.pictures.
    """
    chosen = {choice.id for choice in said}
    fitting = [view for view in views if chosen.intersection(view[0]) and set(view[0]).issubset(offer)]
    return {"picture": max(fitting, key=lambda view: len(view[0]))[1]} if fitting else {}


def _discount(price: Decimal, list_price: str | None) -> int | None:
    """In whole per cent, as catalog.cards counts it."""
    if list_price is None:
        return None
    listed = Decimal(list_price)
    return int((listed - price) / listed * 100) or None
