"""Whoever waited for a lock looks again: a projection never writes what it saw before the wait."""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.utils import timezone

from catalog import pricing, stock
from catalog.locks import lock_products
from catalog.models import Price, Sale, Stock, Variant
from tests.factories import follow_changes, make_product

pytestmark = pytest.mark.django_db(transaction=True)


def in_one_statement(price_ids: Sequence[int]) -> None:
    """The broken variant: locks and reads in one statement, whose snapshot is from before the wait."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH locked AS (SELECT id FROM catalog_price WHERE id = ANY(%s) ORDER BY id FOR UPDATE),
            running AS (
                SELECT id, (SELECT s.amount FROM catalog_sale s WHERE s.price_id = locked.id) AS amount
                FROM locked
            )
            UPDATE catalog_price p SET sale_amount = running.amount FROM running WHERE p.id = running.id
            """,
            [list(price_ids)],
        )


def begin(work: Callable[[], None]) -> threading.Thread:
    """Runs it in a connection of its own, and returns when that waits for ours."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    ends = time.monotonic() + 10
    with connection.cursor() as cursor:
        while time.monotonic() < ends:
            cursor.execute(
                "SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            )
            if cursor.fetchone():
                return thread
            time.sleep(0.02)
    raise AssertionError("it waits for nothing")


@pytest.mark.parametrize("apply", [pricing.apply_sales, in_one_statement], ids=["locked first", "broken"])
def test_a_sale_that_ends_while_a_projector_waits_for_the_price_is_over(apply):
    product = make_product(price="38.00")
    follow_changes()
    price = Price.objects.get(variant__product=product, currency="EUR")
    Sale.objects.create(price=price, amount=Decimal(30), starts_at=timezone.now() - timedelta(days=1))
    with transaction.atomic():
        Price.objects.select_for_update().get(pk=price.pk)
        late = begin(lambda: apply([price.pk]))
        Sale.objects.all().delete()
        pricing.apply_sales([price.pk])
    late.join()
    price.refresh_from_db()
    assert (price.sale_amount is None) is (apply is pricing.apply_sales)


@pytest.mark.parametrize("is_locked", [True, False], ids=["locked", "broken: without the lock"])
def test_a_recount_that_waited_sees_what_was_sold_meanwhile(is_locked, monkeypatch):
    product = make_product(stock=5)
    follow_changes()
    Variant.objects.update(availability="low")  # both recounts have something to write
    if not is_locked:
        monkeypatch.setattr(stock.availability, "lock_products", lambda ids: None)
    with transaction.atomic():
        lock_products([product.pk])
        Variant.objects.update(availability="out")
        late = begin(lambda: stock.refresh_availability([product.pk]))
        Stock.objects.update(on_hand=0)
        stock.refresh_availability([product.pk])
    late.join()
    assert (Variant.objects.get().availability == "out") is is_locked
