"""Which of a product's offers a list means when it is filtered by options: size, frame …

A card tells all offers, the cheapest first: [[value ids], price, list price or null, availability, detail].
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from catalog.models import Availability


@dataclass(frozen=True)
class Choice:
    """A value that exists, chosen in the address."""

    id: int
    slug: str
    label: str
    attribute_id: int
    attribute_code: str


def meant(offers: Sequence[Sequence[Any]], choices: Sequence[Choice]) -> dict[str, Any]:
    """What the card says instead, and `query`, which chooses it on the product's page; {}: it stays as it is.

    The cheapest in stock with one of the chosen values of each attribute that is an option of the product.
    """
    wanted = [ids for ids in _by_attribute(choices).values() if any(ids & set(offer[0]) for offer in offers)]
    fitting = [offer for offer in offers if wanted and all(ids & set(offer[0]) for ids in wanted)]
    if not fitting:
        return {}
    able = [offer for offer in fitting if offer[3] != Availability.OUT] or fitting
    ids, price, list_price, _availability, detail = able[0]
    chosen = [choice for choice in choices if choice.id in ids]
    states = {offer[3] for offer in able}
    return {
        "price": Decimal(price),
        "list_price": None if list_price is None else Decimal(list_price),
        "is_from": any(offer[1] != price for offer in able),
        "discount": _discount(Decimal(price), list_price),
        "availability": next(state for state in Availability.values if state in states),
        "detail": ", ".join(dict.fromkeys([detail, *(choice.label for choice in chosen)])),
        "query": urlencode([(choice.attribute_code, choice.slug) for choice in chosen]),
    }


def price_sql(choices: Sequence[Choice]) -> tuple[str, list[Any]]:
    """An expression for the price that meant() gives card `c`, and its parameters."""
    groups = [sorted(ids) for ids in _by_attribute(choices).values()]
    if not groups:
        return "c.price", []
    conditions = " AND ".join(
        "(offer->0 @> ANY(%s::jsonb[]) OR NOT jsonb_path_exists(c.offers, %s::jsonpath))" for _ in groups
    )
    values: list[Any] = [[pk for ids in groups for pk in ids]]
    for ids in groups:
        values += [[str(pk) for pk in ids], f"$[*][0][*] ? ({' || '.join(f'@ == {pk}' for pk in ids)})"]
    expression = f"""CASE WHEN c."values" && %s::bigint[] THEN COALESCE((
            SELECT COALESCE(min((offer->>1)::numeric) FILTER (WHERE offer->>3 <> 'out'),
                min((offer->>1)::numeric))
            FROM jsonb_array_elements(c.offers) AS offer WHERE {conditions}
        ), c.price) ELSE c.price END"""  # noqa: S608 (built from constants; values are parameters)
    return expression, values


def _by_attribute(choices: Iterable[Choice]) -> Mapping[int, set[int]]:
    """The ids of the chosen values of each attribute."""
    groups: dict[int, set[int]] = {}
    for choice in choices:
        groups.setdefault(choice.attribute_id, set()).add(choice.id)
    return groups


def _discount(price: Decimal, list_price: str | None) -> int | None:
    """In whole per cent, as catalog.cards counts it."""
    if list_price is None:
        return None
    listed = Decimal(list_price)
    return int((listed - price) / listed * 100) or None
