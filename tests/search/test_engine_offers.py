"""What the engine must not confuse: one offer meets all filters, and its price is the one that counts."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from pytest_django import DjangoDbBlocker

from catalog import cards
from catalog.models import AttributeValue, Price, Product, VariantOption
from catalog.queries.selection import Choice, Selection
from catalog.search import figures
from shop import markets
from shop.markets import Market
from tests.engines import Engine
from tests.factories import add_variant, make_product, make_value
from tests.search import goods
from tests.search.both import WAYS

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("kites")]
AT = datetime(2026, 1, 1, 12, tzinfo=UTC)


def offer(item: Product, labels: Sequence[str], price: str, *, sale: str = "", stock: int = 9) -> None:
    """One more variant of it."""
    variant = add_variant(item, price=price, stock=stock)
    for place, label in enumerate(labels, 1):
        code = "size" if label in {"Large", "Small"} else "hue"
        VariantOption.objects.create(variant=variant, value=make_value(code, label), position=place)
    if sale:
        Price.objects.filter(variant=variant, currency="EUR").update(sale_amount=Decimal(sale))


def make_kites() -> None:
    """Four kites, each of which is easily taken for something else."""
    rare = {"label": [f"L{number}" for number in range(5)]}

    def kite(name: str, microsecond: int, **fields: Sequence[str]) -> Product:
        at = AT.replace(microsecond=microsecond)
        item = make_product(f"{name} kite", values=fields, published_at=at)
        item.variants.all().delete()
        return item

    crossed = kite("Crossed", 10)  # its red is large, its blue is small
    offer(crossed, ["Red", "Large"], "50")
    offer(crossed, ["Blue", "Small"], "10")
    straight = kite("straight", 30)
    offer(straight, ["Red", "Small"], "30", sale="20")
    offer(straight, ["Blue", "Large"], "40")
    gone = kite("Gone", 20, **rare)  # it is listed for what it is, its options are nobody's
    offer(gone, ["Red", "Small"], "15", stock=0)
    offer(gone, ["Blue", "Small"], "12", stock=0)
    half = kite("Half", 40)  # what is left of it is blue
    offer(half, ["Red", "Small"], "5", stock=0)
    offer(half, ["Blue", "Small"], "25")
    cards.rebuild(Product.objects.values_list("pk", flat=True))
    goods.settle()


@pytest.fixture(scope="module")
def kites(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Engine]:
    with goods.stocked(django_db_blocker, make_kites) as engine:
        yield engine


def chosen(*labels: str) -> tuple[Choice, ...]:
    rows = AttributeValue.objects.filter(label__in=labels)
    return tuple(
        Choice(*row) for row in rows.values_list("id", "slug", "label", "attribute_id", "attribute__code")
    )


@pytest.fixture(params=WAYS)
def kite(request: pytest.FixtureRequest) -> "Kite":
    return Kite(request.param)


class Kite:
    """Lists of kites, told by their first words."""

    def __init__(self, way: str, market: Market | None = None) -> None:
        self.way, self.market = WAYS[way], market or markets.default()

    def names(self, *labels: str, **selection: object) -> list[str]:
        return [card["name"].split()[0] for card in self.found(*labels, **selection).cards]

    def counts(self, *labels: str, **selection: object) -> dict[str, int]:
        facets = self.found(*labels, **selection).facets
        return {value.label: value.count for facet in facets for value in facet.values}

    def found(self, *labels: str, **selection: object):
        asked = Selection(**{"choices": chosen(*labels), "sort": "price", **selection})  # type: ignore[arg-type]
        return self.way(self.market, "kite", asked)


def test_one_offer_has_both_values(kite: Kite) -> None:
    assert kite.names("Red", "Small") == ["straight"]
    assert kite.names("Blue", "Small") == ["Crossed", "Half"]


def test_what_is_sold_out_is_no_offer(kite: Kite) -> None:
    assert kite.names("Red") == ["straight", "Crossed"]
    assert kite.names() == ["Crossed", "Gone", "straight", "Half"]
    assert kite.names("L1") == ["Gone"]


def test_the_price_is_that_of_the_offer_that_is_meant(kite: Kite) -> None:
    assert kite.names("Red", most=Decimal(30)) == ["straight"]  # the other has a blue one for 10
    assert kite.names("Large") == ["straight", "Crossed"]
    assert kite.names("Large", sort="-price") == ["Crossed", "straight"]
    large = kite.found("Large")
    assert (large.floor, large.ceiling) == (Decimal(40), Decimal(50))


def test_whose_cheapest_offer_is_too_cheap_is_not_shown_for_a_dearer_one(kite: Kite) -> None:
    assert kite.names(least=Decimal(15)) == ["straight", "Half"]
    assert kite.names("Red", least=Decimal(15)) == ["straight", "Crossed"]


def test_an_attributes_counts_ignore_its_own_filter_and_no_other(kite: Kite) -> None:
    labels = {f"L{number}" for number in range(5)}
    assert {k: n for k, n in kite.counts("Red").items() if k not in labels} == {
        **{"Red": 2, "Blue": 3},
        **{"Large": 1, "Small": 1},
    }
    assert {k: n for k, n in kite.counts("Red", on_sale=True).items() if k not in labels} == {
        **{"Red": 1, "Blue": 0},
        **{"Large": 0, "Small": 1},
    }
    assert {kite.counts("Red")[label] for label in labels} == {0}


def test_a_value_is_counted_at_its_own_price(kite: Kite) -> None:
    counts = kite.counts(most=Decimal(20))
    assert {label: counts[label] for label in ("Red", "Blue", "Large", "Small")} == {
        **{"Red": 1, "Blue": 1},
        **{"Large": 0, "Small": 2},
    }


def test_on_sale_ignores_itself_and_minds_the_others(kite: Kite) -> None:
    assert kite.found("Blue", on_sale=True).on_sale == 0  # the red one is
    assert kite.found("Red", on_sale=True).on_sale == 1
    assert kite.found("Red").on_sale == 1
    assert kite.names(on_sale=True) == ["straight"]


def test_bounds_between_two_cents_let_in_no_more(kite: Kite) -> None:
    assert kite.names(least=Decimal("20.001")) == ["Half"]
    assert kite.names(most=Decimal("11.999")) == ["Crossed"]
    assert kite.names(least=Decimal("20.000"), most=Decimal("25.009")) == ["straight", "Half"]


def test_a_value_that_nothing_found_has_is_no_filter(kite: Kite) -> None:
    make_value("hue", "Green")
    assert "Green" not in kite.counts("Green")
    assert kite.names("Green") == []


def test_microseconds_and_capitals_order_alike(kite: Kite) -> None:
    assert kite.names(sort="new") == ["Half", "straight", "Gone", "Crossed"]
    assert kite.names(sort="name") == ["Crossed", "Gone", "Half", "straight"]


def test_what_is_chosen_is_counted_however_many_values_there_are(
    kite: Kite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "VALUES", 1)
    assert kite.found().on_sale == 1
    assert kite.found("L1").on_sale == 0
    assert kite.counts("Large", "L2")["L2"] == 0
    assert kite.counts("L3")["L3"] == 1


def test_each_market_has_its_own_offers() -> None:
    gb = markets.get("gb")
    for way in WAYS:
        assert Kite(way, gb).names("Red", "Small") == ["straight"]
        assert Kite(way, gb).found(on_sale=True).total == 0
