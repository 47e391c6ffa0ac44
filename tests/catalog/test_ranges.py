"""Price ranges beside the typed bounds: round figures, about as many goods each, and honest counts."""

import random
from decimal import Decimal

import pytest
from django.test import override_settings

from catalog.queries import ranges
from catalog.queries.ranges import STEPS, Range, split
from tests.catalog.conftest import Look, Seen
from tests.factories import follow_changes, make_category, make_product

CENT = Decimal("0.01")


def cells(*prices: str) -> list[tuple[int, int]]:
    """What the statement counts, in plain Python."""
    return [(sum(step <= Decimal(price) for step in STEPS), 1) for price in prices]


def test_goods_are_split_in_three_of_about_as_many() -> None:
    assert split(cells("5", "12", "22", "28", "35", "45", "47", "60", "90", "120"), CENT) == [
        Range(None, Decimal("29.99"), 4),
        Range(Decimal(30), Decimal("49.99"), 3),
        Range(Decimal(50), None, 3),
    ]


def test_a_price_on_a_bound_counts_once() -> None:
    assert split(cells("10", "10", "20", "20", "30", "30"), CENT) == [
        Range(None, Decimal("14.99"), 2),
        Range(Decimal(15), Decimal("29.99"), 2),
        Range(Decimal(30), None, 2),
    ]


def test_a_currency_without_cents_ends_a_range_a_whole_unit_below() -> None:
    assert split(cells("10", "10", "20", "20", "30", "30"), Decimal(1))[0].most == 14


@pytest.mark.parametrize(
    "prices", [(), ("12",) * 20, ("1", "50", "90"), ("0.10", "0.20") * 9, ("99999999",) * 9]
)
def test_few_goods_or_one_price_need_no_ranges(prices: tuple[str, ...]) -> None:
    assert split(cells(*prices), CENT) == []


def test_two_prices_give_two_ranges() -> None:
    assert [span.count for span in split(cells(*["9"] * 5, *["41"] * 7), CENT)] == [5, 7]


def test_every_count_is_what_the_bounds_let_through() -> None:
    rng = random.Random(3)
    for _ in range(50):
        prices = [
            Decimal(rng.randrange(100, 30000)) / rng.choice([100, 1]) for _ in range(rng.randrange(6, 60))
        ]
        spans = split(cells(*map(str, prices)), CENT)
        assert sum(span.count for span in spans) in {0, len(prices)}
        for span in spans:
            least, most = span.least or 0, span.most or 10**9
            assert span.count == sum(least <= price <= most for price in prices)


@pytest.mark.django_db
@override_settings(CARDS_PER_PAGE=1000)
def test_a_range_leads_to_as_many_goods_as_it_says_and_the_chosen_one_is_marked(look: Look) -> None:
    here = make_category("Wall")
    for number, price in enumerate(["8", "12", "29", "30", "30", "44.50", "50", "72", "90"]):
        make_product(f"Thing {number}", price=price, category=here)
    make_product("Only elsewhere", price="300", category="Cards")
    follow_changes()

    def shown(page: Seen) -> list[tuple[str, str, int, bool]]:
        return [tuple(span.values()) for span in page["listing"]["price"]["ranges"]]

    first = look("/c/wall/")
    assert [label for label, _url, _count, _current in shown(first)] == [
        "up to €29.99",
        "€30 to €49.99",
        "from €50",
    ]
    for _label, address, count, _current in shown(first):
        page = look(address)
        assert page["listing"]["total"] == count
        assert [one[1] for one in shown(page) if one[3]] == [address]
        assert [one[:3] for one in shown(page)] == [one[:3] for one in shown(first)]


def test_the_steps_rise() -> None:
    assert list(STEPS) == sorted(set(STEPS))
    assert str(STEPS[-1]) in ranges.STEP
