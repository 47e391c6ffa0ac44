"""Delivery: the promise of a market and the choice at checkout; working days are Monday to Friday."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings

from catalog import delivery, jobs
from catalog.models import Method, MethodRate, Promised, Zone
from shop import markets
from shop.changes import projector
from shop.changes.models import Change
from shop.money import Money
from tests.factories import follow_changes, make_delivery, make_tax_class

pytestmark = pytest.mark.django_db
HERE = ZoneInfo(settings.TIME_ZONE)


def at(day: str, clock: str = "12:00") -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=HERE)


def promise(moment: datetime, market: str = "eu") -> delivery.Promise:
    found = delivery.promise(markets.get(market), moment)
    assert found
    return found


def make_cutoff(clock: time | None = time(15), **fields: object) -> None:
    method = make_delivery(["DE", "GB"], **fields)  # type: ignore[arg-type]
    method.cutoff = clock
    method.save()


@pytest.mark.parametrize(
    ("moment", "earliest", "latest", "cutoff", "changes_at"),
    [
        # Monday: until 15:00 it leaves today
        (at("2026-11-23", "14:59"), "2026-11-25", "2026-11-27", time(15), at("2026-11-23", "15:00")),
        (at("2026-11-23", "15:00"), "2026-11-26", "2026-11-30", None, at("2026-11-24", "00:00")),
        # Friday afternoon and the weekend: it leaves on Monday
        (at("2026-11-27", "16:00"), "2026-12-02", "2026-12-04", None, at("2026-11-30", "00:00")),
        (at("2026-11-28", "09:00"), "2026-12-02", "2026-12-04", None, at("2026-11-30", "00:00")),
        (at("2026-11-29", "23:59"), "2026-12-02", "2026-12-04", None, at("2026-11-30", "00:00")),
    ],
)
def test_an_order_leaves_the_same_day_until_the_cutoff_on_working_days(
    moment: datetime, earliest: str, latest: str, cutoff: time | None, changes_at: datetime
) -> None:
    make_cutoff()
    found = promise(moment)
    assert (found.earliest, found.latest) == (date.fromisoformat(earliest), date.fromisoformat(latest))
    assert (found.cutoff, found.changes_at) == (cutoff, changes_at)


def test_what_the_promise_says_holds_until_it_changes() -> None:
    make_cutoff()
    moment = at("2026-11-26", "10:00")
    for _ in range(12):
        now = promise(moment)
        before, after = promise(now.changes_at - timedelta(seconds=1)), promise(now.changes_at)
        assert (before.earliest, before.cutoff) == (now.earliest, now.cutoff)
        assert (after.earliest, after.cutoff) != (now.earliest, now.cutoff)
        moment = now.changes_at


def test_without_a_cutoff_the_whole_day_counts() -> None:
    make_cutoff(None)
    assert promise(at("2026-11-27", "23:59")).earliest == date(2026, 12, 1)
    assert promise(at("2026-11-27", "23:59")).changes_at == at("2026-11-28", "00:00")
    assert promise(at("2026-11-28", "10:00")).earliest == date(2026, 12, 2)


def test_the_cutoff_is_the_shops_own_time_whatever_zone_asks() -> None:
    make_cutoff()
    utc = datetime(2026, 11, 23, 14, 30, tzinfo=ZoneInfo("UTC"))  # 15:30 in Berlin
    assert promise(utc).cutoff is None


def test_the_promise_is_the_cheapest_active_method_of_the_markets_country_and_currency() -> None:
    make_delivery(["DE"], eur="4.90")
    make_delivery(["DE"], eur="3.90", gbp="9.90")
    gone = make_delivery(["DE", "GB"], eur="1.00", gbp="1.00")
    gone.is_active = False
    gone.save()
    make_delivery(["FR"], eur="0.50")
    make_delivery(["GB"], eur="0.10", gbp="4.50", free_from="40")
    assert promise(at("2026-11-23")).price == Money(Decimal("3.90"), "EUR")
    there = promise(at("2026-11-23"), "gb")
    assert (there.price, there.free_from) == (Money(Decimal("4.50"), "GBP"), Money(Decimal(40), "GBP"))


def test_there_is_no_promise_where_nothing_is_delivered() -> None:
    make_delivery(["FR"])
    assert delivery.promise(markets.default(), at("2026-11-23")) is None


def test_methods_cost_nothing_from_their_threshold_on() -> None:
    make_delivery(["DE"], eur="4.90", free_from="60")
    make_delivery(["DE"], eur="9.90", free_from=None)

    def prices(subtotal: str) -> list[Decimal]:
        money = Money(Decimal(subtotal), "EUR")
        return [m.price.amount for m in delivery.methods(markets.default(), "DE", money, at("2026-11-23"))]

    assert prices("59.99") == [Decimal("4.90"), Decimal("9.90")]
    assert prices("60") == [Decimal(0), Decimal("9.90")]


def test_methods_are_those_of_the_country_asked_for() -> None:
    make_delivery(["DE"], eur="4.90")
    make_delivery(["FR"], eur="7.90")
    zero = Money.zero("EUR")
    assert [m.price.amount for m in delivery.methods(markets.default(), "FR", zero, at("2026-11-23"))] == [
        Decimal("7.90")
    ]
    assert delivery.methods(markets.default(), "US", zero, at("2026-11-23")) == []


def test_countries_are_those_that_a_method_with_a_price_in_the_currency_reaches() -> None:
    make_delivery(["DE", "FR"])
    make_delivery(["FR", "AT"])
    unpriced = make_delivery(["US"])
    MethodRate.objects.filter(method=unpriced, currency="EUR").delete()
    idle = make_delivery(["CH"])
    idle.is_active = False
    idle.save()
    assert delivery.countries(markets.get("eu")) == ["AT", "DE", "FR"]
    assert "US" in delivery.countries(markets.get("gb"))


def test_working_days_skip_the_weekend() -> None:
    friday = date(2026, 11, 27)
    assert delivery.working_day(friday, 0) == friday
    assert delivery.working_day(friday, 1) == date(2026, 11, 30)
    assert delivery.working_day(friday, 6) == date(2026, 12, 7)
    assert delivery.working_day(date(2026, 11, 28), 0) == date(2026, 11, 30)


def promised_after(edit: Callable[[], object]) -> set[str]:
    """The keys that are purged when the promises follow an edit."""
    edit()
    projector.claim()
    delivery.keep()
    keys = projector.asked(projector.claim()).keys
    Change.objects.all().delete()
    return keys


def test_only_what_a_market_promises_lets_its_pages_go() -> None:
    """What everybody is told above each page is less than what stands beside a product."""
    cheapest, dearer = make_delivery(["DE"], eur="4.90"), make_delivery(["DE"], eur="9.90")
    follow_changes()
    methods, rates = Method.objects.filter(pk=cheapest.pk), MethodRate.objects.filter(method=cheapest)
    assert promised_after(lambda: Method.objects.filter(pk=dearer.pk).update(max_days=9)) == set()
    assert promised_after(lambda: methods.update(tax_class=make_tax_class("books"))) == set()
    assert promised_after(lambda: methods.update(max_days=9)) == {"promise/eu"}
    assert promised_after(lambda: rates.update(free_from=5)) == {"promise/eu", "promise/eu:free"}
    assert promised_after(lambda: methods.update(is_active=False)) == {"promise/eu", "promise/eu:free"}
    assert promise(at("2026-11-23")).price == Money(Decimal("9.90"), "EUR")
    assert promised_after(Zone.objects.all().delete) == {"promise/eu", "promise/eu:free"}
    assert delivery.promise(markets.default(), at("2026-11-23")) is None


def test_a_market_that_is_new_promises_what_it_will_and_is_kept_by_a_round() -> None:
    make_delivery(["DE"], eur="4.90")
    assert not Promised.objects.exists()
    said = promise(at("2026-11-23"))
    jobs.keep_promises()
    assert set(Promised.objects.values_list("market", flat=True)) == {"eu", "gb"}
    assert promise(at("2026-11-23")) == said
    Promised.objects.create(market="closed")
    jobs.keep_promises()
    assert not Promised.objects.filter(market="closed").exists()
