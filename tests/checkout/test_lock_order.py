"""Whoever locks several rows does so by primary key, and says so: no plan of the database makes a circle.

Stock has tests of its own: tests/catalog/test_stock_order.py.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from catalog.models import Product
from checkout import joining
from checkout.models import Cart
from orders import popularity
from orders.claiming import claim_confirmed
from orders.feed import delivering, replaying
from orders.models import FeedDelivery, FeedEndpoint, Order
from orders.placement import place_order
from tests.catalog.waiting import held_meanwhile
from tests.factories import make_product, make_user
from tests.orders.conftest import make_draft

pytestmark = pytest.mark.django_db(transaction=True)
Case = tuple[QuerySet[Any], Callable[[], Any]]


def guests_orders() -> Case:
    user = make_user("ada@example.com", confirmed_email="ada@example.com")
    variant = make_product().variants.get()
    for _ in range(3):
        place_order(make_draft((variant, 1)))
    return Order.objects.all(), lambda: claim_confirmed(user)


def what_sells() -> Case:
    for number in range(3):
        placed = place_order(make_draft((make_product(popularity=0).variants.get(), 9 - number)))
        Order.objects.filter(pk=placed.pk).update(paid_at=timezone.now(), status="paid")
    return Product.objects.all(), lambda: popularity.count_sales(timezone.now())


def messages(**fields: Any) -> FeedEndpoint:
    endpoint = FeedEndpoint.objects.create(name="ERP", url="http://127.0.0.1:9/", topics=["order.*"])
    for number in range(3):
        FeedDelivery.objects.create(
            endpoint=endpoint, stream="test", source_id=9 - number, topic="test", **fields
        )
    return endpoint


def messages_again() -> Case:
    messages(status="failed")
    return FeedDelivery.objects.all(), lambda: replaying.again(FeedDelivery.objects.filter(status="failed"))


def messages_given_up() -> Case:
    endpoint = messages(queued_at="2026-01-01T00:00Z")
    FeedEndpoint.objects.filter(pk=endpoint.pk).update(failing_since="2026-01-01T00:00Z")
    return FeedDelivery.objects.all(), delivering.give_up_old


def messages_numbered() -> Case:
    endpoint = messages()
    return FeedDelivery.objects.all(), lambda: delivering._number(endpoint)


def messages_after_an_outage() -> Case:
    endpoint = messages(attempts=1, due_at="2099-01-01T00:00Z")
    endpoint.failures = delivering.OUTAGE
    return FeedDelivery.objects.all(), lambda: transaction.atomic(delivering._well)(endpoint)


def carts_of_markets_that_are_gone() -> Case:
    user = make_user()
    for number, owner in enumerate((user, None)):
        Cart.objects.create(token_hash=f"{number:064}", market="xx", user=owner)
    return Cart.objects.all(), lambda: joining._join(f"{1:064}", user)


CASES = [
    *(guests_orders, what_sells, messages_again, messages_given_up, messages_numbered),
    *(messages_after_an_outage, carts_of_markets_that_are_gone),
]


def held(case: Callable[[], Case], around: Callable[..., Any] | None = None) -> list[str]:
    """What who waits for the lowest of these rows holds of the others."""
    rows, act = case()
    lowest, *others = rows.order_by("id").values_list("id", flat=True)

    def second() -> None:
        if around is None:
            act()
        else:
            with connection.execute_wrapper(around):
                act()

    locked = rows.model._default_manager.select_for_update(no_key=True)
    return held_meanwhile(
        lambda: locked.get(id=lowest),
        {str(pk): rows.model._default_manager.filter(id=pk) for pk in others},
        second,
    )


@pytest.mark.parametrize("case", CASES)
def test_who_waits_for_the_lowest_row_holds_no_other(case: Callable[[], Case]) -> None:
    assert held(case) == []


@pytest.mark.parametrize("case", CASES)
def test_broken_in_the_other_order_it_holds_some(case: Callable[[], Case]) -> None:
    def turned(execute: Callable[..., Any], sql: str, *more: Any) -> Any:
        return execute(re.sub(r"(ORDER BY [\w.\"]+)(?: ASC)?( LIMIT %s)?( FOR)", r"\1 DESC\2\3", sql), *more)

    assert held(case, turned) != []


# --- And whatever is written from now on -----------------------------------------------------------------

_LOCK = re.compile(r"\bFOR (?:NO KEY )?UPDATE\b(?! OF e)")
# One row, or the rows that nobody else holds: nobody waits there.
_ALONE = re.compile(r"ORDER BY|SKIP LOCKED|WHERE (?:\w+\.)?id = ")


def sources() -> Iterator[tuple[str, str]]:
    for app in ("shop", "accounts", "catalog", "orders", "checkout"):
        for path in (settings.BASE_DIR / app).rglob("*.py"):
            if "migrations" not in path.parts:
                yield str(path.relative_to(settings.BASE_DIR)), path.read_text()


def test_every_statement_that_locks_rows_says_in_which_order() -> None:
    lacking = [
        f"{path}: {text[max(0, found.start() - 60) : found.end()]}"
        for path, text in sources()
        for found in _LOCK.finditer(text)
        if not _ALONE.search(text[max(0, found.start() - 160) : found.end() + 24])
    ]
    assert lacking == []


def test_every_queryset_that_locks_rows_is_of_one_or_says_in_which_order() -> None:
    lacking = [
        f"{path}: {text[found.start() : found.start() + 120]}"
        for path, text in sources()
        for found in re.finditer(r"\bselect_for_update\(", text)
        if not re.search(
            r"order_by\(|\.get\(|\.first\(|filter\(pk=|links\.read|users=",
            text[max(0, found.start() - 160) : found.start() + 200],
        )
    ]
    assert lacking == []
