"""Counts of a list's filters, against an oracle in plain Python."""

import random
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest
from django.http import QueryDict
from django.test import override_settings
from django.utils import timezone

from catalog.forms import ListingParameters
from catalog.models import Card
from catalog.queries import listing
from catalog.queries.listing import Source
from shop import markets
from tests.factories import make_category, make_value

pytestmark = pytest.mark.django_db


def oracle(
    cards: Iterable[Card], chosen: dict[str, set[int]], owner: dict[int, str], rest: dict[str, Any]
) -> dict:
    """What the list should say, counted one by one."""

    def fits(card: Card, without: str) -> bool:
        for code, wanted in chosen.items():
            if code != without and not wanted & set(card.values):
                return False
        if without != "price" and not rest["least"] <= card.price <= rest["most"]:
            return False
        return without == "sale" or not rest["sale"] or card.discount is not None

    cards = list(cards)
    inside = [card for card in cards if fits(card, "")]
    by_price = [card.price for card in cards if fits(card, "price")]
    return {
        "total": len(inside),
        "sale": sum(card.discount is not None for card in cards if fits(card, "sale")),
        "bounds": (min(by_price, default=None), max(by_price, default=None)),
        "counts": {
            value: sum(value in card.values for card in cards if fits(card, owner[value]))
            for value in {value for card in cards for value in card.values}
        },
        "ids": [card.product_id for card in sorted(inside, key=lambda c: (c.price, c.product_id))],
    }


@override_settings(CARDS_PER_PAGE=1000)
def test_every_count_agrees_with_one_made_card_by_card() -> None:
    rng = random.Random(7)
    category = make_category("Oracle")
    values = {
        code: [make_value(code, f"{code}{n}") for n in range(4)] for code in ("colour", "size", "paper")
    }
    owner = {value.pk: code for code, of in values.items() for value in of}
    Card.objects.bulk_create(
        Card(
            product_id=number,
            market="eu",
            name=f"Card {number}",
            slug=f"card-{number}",
            currency="EUR",
            price=Decimal(rng.randrange(1, 9)),
            is_from=False,
            discount=rng.choice([None, None, 20]),
            availability="in",
            is_new=False,
            picture={},
            rating_count=0,
            histogram=[0] * 5,
            popularity=rng.randrange(3),
            published_at=timezone.now(),
            categories=[category.pk] if rng.random() < 0.8 else [category.pk + 1],
            values=sorted(rng.sample(list(owner), rng.randrange(5))),
        )
        for number in range(1, 200)
    )
    cards = list(Card.objects.filter(categories__contains=[category.pk]))
    for _ in range(60):
        chosen = {
            code: set(rng.sample([value.pk for value in of], rng.randrange(1, 3)))
            for code, of in values.items()
            if rng.random() < 0.5
        }
        least, most = sorted(rng.sample(range(10), 2)) if rng.random() < 0.5 else (None, None)
        on_sale = rng.random() < 0.3
        query = QueryDict(mutable=True)
        for code, picked in chosen.items():
            query.setlist(code, [value.slug for value in values[code] if value.pk in picked])
        if least is not None:
            query["min"], query["max"] = str(least), str(most)
        if on_sale:
            query["sale"] = "1"
        query["sort"] = "price"
        parameters = ListingParameters.parse(query)
        found = listing.read(markets.default(), Source(category_id=category.pk), parameters.selection)
        rest = {"least": least or 0, "most": 99 if most is None else most, "sale": on_sale}
        expected = oracle(cards, chosen, owner, rest)
        assert found is not None
        assert {v.id: v.count for facet in found.facets for v in facet.values} == expected["counts"]
        assert (found.total, found.on_sale) == (expected["total"], expected["sale"])
        assert (found.floor, found.ceiling) == expected["bounds"]
        assert [card["product_id"] for card in found.cards] == expected["ids"]
