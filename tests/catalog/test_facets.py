"""Counts of a list's filters, and what its cards say, against an oracle in plain Python."""

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from django.http import QueryDict
from django.test import override_settings
from django.utils import timezone

from catalog.forms import ListingParameters
from catalog.models import AttributeValue, Card
from catalog.queries import listing
from catalog.queries.selection import Choice, Selection, Source
from shop import markets
from tests.factories import follow_changes, make_category, make_product, make_value

pytestmark = pytest.mark.django_db
TRAITS, OPTIONS = ("colour", "mood"), ("size", "frame", "colour")


@dataclass(frozen=True)
class Offer:
    """What could be bought: a variant in stock, or goods that have no options."""

    values: frozenset[int]
    price: Decimal
    is_on_sale: bool


@dataclass
class Asked:
    """The filters of one list."""

    values: dict[str, set[int]] = field(default_factory=dict)
    least: int | None = None
    most: int | None = None
    on_sale: bool = False

    def meets(self, offer: Offer, without: str) -> bool:
        """Every filter but that one, and but the price."""
        wanted = (ids for code, ids in self.values.items() if code != without)
        sale = not self.on_sale or without == "sale" or offer.is_on_sale
        return sale and all(ids & offer.values for ids in wanted)

    def price(self, offers: Iterable[Offer], without: str = "") -> Decimal | None:
        """That of the cheapest offer that meets the filters, whatever it may be."""
        return min((offer.price for offer in offers if self.meets(offer, without)), default=None)

    def affords(self, price: Decimal | None) -> bool:
        """Is there a price, within the bounds?"""
        return price is not None and (self.least or 0) <= price <= (99 if self.most is None else self.most)

    @property
    def address(self) -> QueryDict:
        """The list's parameters, cheapest first."""
        query = QueryDict(mutable=True)
        for code, ids in self.values.items():
            query.setlist(
                code, list(AttributeValue.objects.filter(pk__in=ids).values_list("slug", flat=True))
            )
        if self.least is not None:
            query["min"], query["max"] = str(self.least), str(self.most)
        if self.on_sale:
            query["sale"] = "1"
        query["sort"] = "price"
        return query


def oracle(goods: Mapping[int, list[Offer]], asked: Asked, owner: dict[int, str]) -> dict[str, Any]:
    """What the list should say, counted one by one."""
    prices = {number: asked.price(offers) for number, offers in goods.items()}
    known = [price for price in prices.values() if price is not None]
    shown = {number: price for number, price in prices.items() if asked.affords(price)}

    def count(code: str, having: Iterable[list[Offer]]) -> int:
        return sum(asked.affords(asked.price(offers, code)) for offers in having)

    return {
        "shown": sorted(
            ((number, price) for number, price in shown.items()), key=lambda one: (one[1], one[0])
        ),
        "on_sale": count("sale", ([o for o in offers if o.is_on_sale] for offers in goods.values())),
        "bounds": (min(known, default=None), max(known, default=None)),
        "counts": {
            value: count(owner[value], ([o for o in of if value in o.values] for of in goods.values()))
            for value in {value for of in goods.values() for offer in of for value in offer.values}
        },
    }


def some_goods(
    chance: random.Random, values: dict[str, list[int]], category_id: int
) -> Iterator[tuple[Card, list[Offer]]]:
    """Cards of the category and of another one, with what can be bought of each."""
    for number in range(1, 200):
        traits = {
            value for code in TRAITS if chance.random() < 0.4 for value in chance.sample(values[code], 1)
        }
        codes = chance.sample(OPTIONS, chance.choice([0, 1, 2, 2]))
        lines = []
        for _variant in range(chance.randint(1, 6) if codes else 1):
            options = [chance.choice(values[code]) for code in codes if chance.random() < 0.95]
            price = Decimal(chance.randint(1, 9))
            listed = str(price + 2) if chance.random() < 0.3 else None
            lines.append((options, price, listed, chance.choice(["in", "in", "low", "out"])))
        lines.sort(key=lambda line: line[1])
        if all(state == "out" for *_line, state in lines):
            able = [(set(), *lines[0][1:])]  # sold out: it is listed as what it is, at its price
        else:
            able = [line for line in lines if line[3] != "out"]
        offers = [
            Offer(frozenset(traits.union(ids)), price, listed is not None) for ids, price, listed, _ in able
        ]
        yield (
            Card(
                product_id=number,
                market="eu",
                name=f"Card {number}",
                slug=f"card-{number}",
                currency="EUR",
                price=able[0][1],
                list_price=able[0][2] and Decimal(able[0][2]),
                is_from=len({offer.price for offer in offers}) > 1,
                availability=able[0][3],
                is_new=False,
                picture={},
                rating_count=0,
                histogram=[0] * 5,
                popularity=chance.randrange(3),
                published_at=timezone.now(),
                categories=[category_id if chance.random() < 0.8 else category_id + 1],
                values=sorted(frozenset[int]().union(*(offer.values for offer in offers))),
                traits=sorted(traits),
                on_sale=any(offer.is_on_sale for offer in offers),
                offers=[[ids, str(price), listed, state, ""] for ids, price, listed, state in lines]
                if codes
                else [],
            ),
            offers,
        )


def some_filters(chance: random.Random, values: dict[str, list[int]]) -> Asked:
    asked = Asked(on_sale=chance.random() < 0.3)
    for code, ids in values.items():
        if chance.random() < 0.4:
            asked.values[code] = set(chance.sample(ids, chance.randint(1, 2)))
    if chance.random() < 0.4:
        asked.least, asked.most = sorted(chance.sample(range(10), 2))
    return asked


@override_settings(CARDS_PER_PAGE=1000)
def test_every_count_and_price_agrees_with_one_made_offer_by_offer() -> None:
    chance = random.Random(7)
    category = make_category("Oracle")
    codes = dict.fromkeys((*TRAITS, *OPTIONS))
    values = {code: [make_value(code, f"{code}{n}").pk for n in range(4)] for code in codes}
    owner = {value: code for code, ids in values.items() for value in ids}
    made = list(some_goods(chance, values, category.pk))
    Card.objects.bulk_create(card for card, _offers in made)
    goods = {card.product_id: offers for card, offers in made if card.categories == [category.pk]}
    several = 0
    for asked in [Asked(), *(some_filters(chance, values) for _ in range(80))]:
        parameters = ListingParameters.parse(asked.address)
        found = listing.read(markets.default(), Source(category_id=category.pk), parameters.selection)
        expected = oracle(goods, asked, owner)
        assert {v.id: v.count for facet in found.facets for v in facet.values} == expected["counts"]
        assert (found.total, found.on_sale) == (len(expected["shown"]), expected["on_sale"])
        assert (found.floor, found.ceiling) == expected["bounds"]
        assert [(card["product_id"], card["price"].amount) for card in found.cards] == expected["shown"]
        several += found.total > 1
    assert several > 40  # else it compared nothing with nothing


def test_more_filters_are_told_apart_than_a_number_has_bits() -> None:
    category = make_category("Oracle")
    chance = random.Random(8)
    values = {code: [make_value(code, f"{code}{n}").pk for n in range(4)] for code in (*TRAITS, *OPTIONS)}
    Card.objects.bulk_create(card for card, _offers in some_goods(chance, values, category.pk))
    for number in (30, 31, 32, 33, 63, 64, 70):
        choices = [Choice(-n, f"v{n}", "", -n, f"a{n}") for n in range(2, number + 2)]
        found = listing.read(markets.default(), Source(category_id=category.pk), Selection(choices=choices))
        assert (found.total, {value.count for facet in found.facets for value in facet.values}) == (0, {0})


def test_of_many_filters_those_of_most_goods_are_shown_and_those_that_are_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listing, "FACETS_SHOWN", 2)
    shelf = make_category("Shelf")
    for number in range(4):
        traits = {"a-rare": f"r{number}"} if number < 2 else {}
        kinds = {"b-common": f"b{number}", "c-common": f"c{number % 2}", "d-only": "same"}
        make_product(f"Thing {number}", category=shelf, values=traits | kinds)
    follow_changes()

    def shown(*chosen: str) -> list[str]:
        asked = {"a-rare": chosen} if chosen else {}
        selection = Selection(choices=tuple(listing.choices(asked)))
        found = listing.read(markets.default(), Source(category_id=shelf.pk), selection)
        return [facet.code for facet in found.facets]

    assert shown() == ["b-common", "c-common"]
    assert "a-rare" in shown("r0")
