"""What it costs by weight, by worth and by region; and what a market may promise of it."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.test.utils import CaptureQueriesContext

from catalog import delivery, taxes
from catalog.models import Method, MethodRate, Promised, TaxRate, Zone
from shop import markets
from shop.markets import Market
from shop.money import Money
from tests.factories import follow_changes, make_delivery, make_tax_class

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TRADE = Market("biz", "Trade", "biz", "en", "EUR", "DE", tax_shown=False)


def euro(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


def rated(method: Method, *rows: tuple[int | None, str, str, str | None]) -> Method:
    """Its rates in euro: up to so many grams, for goods from, price, free from."""
    MethodRate.objects.filter(method=method, currency="EUR").delete()
    for grams, goods_from, amount, free_from in rows:
        MethodRate.objects.create(
            method=method,
            currency="EUR",
            up_to_grams=grams,
            goods_from=Decimal(goods_from),
            amount=Decimal(amount),
            free_from=free_from and Decimal(free_from),
        )
    return method


def prices(worth: str = "20", grams: int = 0, country: str = "DE", region: str = "") -> list[str]:
    found = delivery.methods(markets.default(), country, euro(worth), NOW, region=region, grams=grams)
    return [str(choice.price.amount) for choice in found]


def test_the_lightest_class_that_bears_it_counts_and_what_none_bears_does_not_go() -> None:
    rated(
        make_delivery(), (2_000, "0", "4.90", None), (10_000, "0", "8.90", None), (31_500, "0", "15.90", None)
    )
    weights = (0, 2_000, 2_001, 10_000, 31_500, 31_501)
    assert [prices(grams=grams) for grams in weights] == [
        ["4.90"], ["4.90"], ["8.90"], ["8.90"], ["15.90"], []
    ]  # fmt: skip


def test_dear_goods_may_cost_less_or_more_to_bring() -> None:
    rated(
        make_delivery(), (None, "0", "6.00", None), (None, "50", "3.00", None), (None, "500", "12.00", None)
    )
    assert [prices(worth) for worth in ("49.99", "50", "499", "500")] == [
        ["6.00"], ["3.00"], ["3.00"], ["12.00"]
    ]  # fmt: skip


def test_weight_goes_before_worth_and_free_is_free() -> None:
    rated(
        make_delivery(),
        (5_000, "0", "5.00", "60"), (5_000, "30", "4.00", "60"), (None, "0", "9.00", None),
    )  # fmt: skip
    assert [prices(worth, grams) for worth, grams in (("10", 1), ("30", 1), ("60", 1), ("60", 5_001))] == [
        ["5.00"], ["4.00"], ["0"], ["9.00"]
    ]  # fmt: skip


def test_there_is_one_rate_for_each_class() -> None:
    method = rated(make_delivery(), (None, "0", "5.00", None))
    with pytest.raises(IntegrityError), transaction.atomic():
        MethodRate.objects.create(method=method, currency="EUR", amount=1)


def test_a_region_that_a_zone_names_is_served_by_that_zone_alone() -> None:
    rated(make_delivery(["ES"]), (None, "0", "9.00", None))
    assert prices(country="ES", region="TF") == ["9.00"]
    islands = rated(make_delivery([]), (None, "0", "19.00", None))
    Zone.objects.filter(pk=islands.zone_id).update(regions=["ES-TF", "ES-GC"])
    assert prices(country="ES", region="TF") == ["19.00"]
    assert prices(country="ES", region="M") == prices(country="ES") == ["9.00"]
    assert delivery.goes_to(islands.pk, "ES", "GC")
    assert not delivery.goes_to(islands.pk, "ES", "M")
    assert not delivery.goes_to(Method.objects.exclude(pk=islands.pk).get().pk, "ES", "TF")
    islands.is_active = False
    islands.save()
    assert prices(country="ES", region="TF") == []  # a zone that has no way takes them out


def test_a_country_of_which_a_part_is_served_can_be_chosen() -> None:
    method = make_delivery([])
    Zone.objects.filter(pk=method.zone_id).update(regions=["US-HI"])
    assert delivery.countries(markets.default()) == ["US"]


def promised() -> Promised:
    follow_changes()
    return Promised.objects.get(market="eu")


@pytest.mark.django_db(transaction=True)
def test_what_is_promised_holds_for_something_light_and_says_so() -> None:
    method = rated(make_delivery(), (2_000, "0", "4.90", "50"), (None, "0", "8.90", "90"))
    now = promised()
    assert (now.amount, now.is_from, now.free_from) == (Decimal("4.90"), True, Decimal(90))
    rated(method, (2_000, "0", "4.90", "50"), (None, "0", "8.90", None))
    assert promised().free_from is None  # for what is heavy it is never free, so nobody is told that it is
    rated(method, (None, "0", "4.90", None), (None, "80", "2.90", None))
    now = promised()
    assert (now.amount, now.is_from, now.free_from) == (Decimal("4.90"), False, None)
    rated(method, (None, "20", "2.90", None))
    assert promised().amount is None  # an offer for dear goods is no promise to all


@pytest.mark.django_db(transaction=True)
def test_a_market_without_tax_promises_what_its_cart_will_say(settings) -> None:
    settings.MARKETS = (*settings.MARKETS, TRADE)
    rated(make_delivery(), (None, "0", "11.90", None))
    follow_changes()
    assert Promised.objects.get(market="biz").amount == Decimal("10.00")
    TaxRate.objects.filter(country="DE").update(rate=Decimal("0.07"))
    follow_changes()
    assert Promised.objects.get(market="biz").amount == Decimal("11.12")
    found = delivery.promise(TRADE, NOW)
    assert found is not None
    taxation = taxes.taxation(TRADE, "DE")
    (choice,) = delivery.methods(TRADE, "DE", euro("20"), NOW)
    assert taxation.priced(choice.price, choice.tax_class_id) == found.price


def test_the_ways_are_found_in_one_query_however_many_there_are(django_assert_num_queries) -> None:
    for _number in range(5):
        rated(make_delivery(), (2_000, "0", "4.90", None), (None, "0", "8.90", None))
    with django_assert_num_queries(1):
        assert len(prices()) == 5


def test_an_edit_reaches_the_next_look(django_assert_num_queries: CaptureQueriesContext) -> None:
    method = rated(make_delivery(), (None, "0", "4.90", None))
    assert prices() == ["4.90"]
    MethodRate.objects.filter(method=method).update(amount=Decimal("5.90"))
    assert prices() == ["5.90"]
    make_tax_class(rates={"DE": "0.16"})
    assert taxes.rate_for(method.tax_class_id, "DE") == Decimal("0.16")
