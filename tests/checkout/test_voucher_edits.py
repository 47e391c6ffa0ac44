"""A limit that a merchant sets while orders are being placed with the code is as exact as any other."""

from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import Any

import pytest
from django.db import connection, connections, transaction

from checkout import completion, quote, vouchers
from checkout.models import Cart, PromotionUse, Voucher
from orders.models import Order
from tests.checkout.promoting import make_voucher
from tests.checkout.test_voucher_limits import buyers

pytestmark = pytest.mark.django_db(transaction=True)


def limit(voucher: Voucher, number: int | None) -> None:
    """As the desk sets it."""
    row = Voucher.objects.get(pk=voucher.pk)
    row.limit = number
    row.save()


def is_waited_for() -> bool:
    """Whether somebody waits for an advisory lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)")
        return bool(cursor.fetchone()[0])


def place_while(cart: Cart, meanwhile: Callable[[], None]) -> None:
    """The cart is ordered; before that is committed somebody else has begun `meanwhile`, or has ended it."""

    def run() -> None:
        try:
            meanwhile()
        finally:
            connections.close_all()

    other = Thread(target=run)
    with transaction.atomic():
        completion.complete(cart, quote.of(cart).totals.digest)
        other.start()
        while other.is_alive() and not is_waited_for():
            other.join(0.01)
    other.join(20)
    assert not other.is_alive()


def in_between(monkeypatch: pytest.MonkeyPatch, edit: Callable[[], None]) -> None:
    """The merchant's edit comes when the order has read its voucher, and before it uses it."""
    use = vouchers.use

    def late(*args: Any, **more: Any) -> None:
        thread = Thread(target=lambda: (edit(), connections.close_all()))
        thread.start()
        thread.join(20)
        use(*args, **more)

    monkeypatch.setattr(vouchers, "use", late)


def limited_to_one_meanwhile() -> tuple[int, int, str]:
    """Orders with the code, what its row counts, and what the second buyer heard."""
    voucher = make_voucher()
    first, second = buyers(2)
    digest = quote.of(second).totals.digest
    place_while(first, lambda: limit(voucher, 1))
    try:
        completion.complete(second, digest)
        heard = ""
    except (vouchers.UsedUp, completion.CartChanged) as refused:
        heard = type(refused).__name__
    voucher.refresh_from_db()
    return PromotionUse.objects.filter(voucher=voucher).count(), voucher.used, heard


def test_a_limit_that_is_set_while_an_order_is_placed_counts_that_order() -> None:
    assert limited_to_one_meanwhile() == (1, 1, "CartChanged")


def test_a_limit_that_waits_for_nobody_would_allow_one_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken variant."""
    monkeypatch.setattr(vouchers, "_KEEP_UNLIMITED", "SELECT 1")
    assert limited_to_one_meanwhile() == (2, 1, "")


def set_since_the_cart_was_read(monkeypatch: pytest.MonkeyPatch) -> int:
    """How many orders there are of a code that is limited to one after the second has read it."""
    voucher = make_voucher()
    first, second = buyers(2)
    completion.complete(first, quote.of(first).totals.digest)
    digest = quote.of(second).totals.digest
    in_between(monkeypatch, lambda: limit(voucher, 1))
    with suppress(vouchers.UsedUp):
        completion.complete(second, digest)
    voucher.refresh_from_db()
    assert voucher.used == 1
    return Order.objects.count()


def test_a_limit_that_was_set_since_the_cart_was_read_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set_since_the_cart_was_read(monkeypatch) == 1


def test_what_was_read_with_the_cart_would_not_know_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken variant."""
    believed = vouchers._USED.replace(' AND "limit" IS NULL', "")
    assert believed != vouchers._USED
    monkeypatch.setattr(vouchers, "_USED", believed)
    assert set_since_the_cart_was_read(monkeypatch) == 2


def test_a_limit_that_was_taken_away_meanwhile_refuses_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    voucher = make_voucher(limit=1)
    first, second, third = buyers(3)
    digest = quote.of(first).totals.digest
    in_between(monkeypatch, lambda: limit(voucher, None))
    completion.complete(first, digest)
    monkeypatch.undo()
    completion.complete(second, quote.of(second).totals.digest)
    limit(voucher, 3)
    voucher.refresh_from_db()
    assert voucher.used == 2
    completion.complete(third, quote.of(third).totals.digest)
    voucher.refresh_from_db()
    assert voucher.used == 3


def test_limits_that_come_and_go_meanwhile_wait_for_nobody_in_a_circle(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One is set after the order has read its voucher; before its commit that goes, and another comes."""
    voucher = make_voucher()
    cart, other = buyers(2)
    in_between(monkeypatch, lambda: limit(voucher, 5))

    def edit() -> None:
        limit(voucher, None)
        limit(voucher, 1)

    place_while(cart, edit)
    monkeypatch.undo()
    voucher.refresh_from_db()
    assert (voucher.limit, voucher.used) == (1, 1)
    shown = quote.of(other).offers.voucher
    assert shown is not None
    assert shown.is_over
