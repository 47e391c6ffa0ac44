"""A voucher is used as often as it says, whoever comes at once; what is called off gives its use back.

VOUCHERED says how many come at once: 20, and 50 in `make soak`.
"""

import os
from collections import Counter
from threading import Barrier

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from catalog.models import Method, Variant
from checkout import completion, customers, quote, vouchers
from checkout.models import Cart, PromotionUse, Voucher, VoucherCustomer
from orders import placement, states
from orders.models import Order
from orders.placement import Placed
from shop.outbox import drain
from shop.outbox.models import Message
from tests.checkout.conftest import together
from tests.checkout.promoting import make_promotion, make_voucher
from tests.checkout.test_together import ready_cart
from tests.factories import make_delivery, make_product, make_user

pytestmark = pytest.mark.django_db(transaction=True)
BUYERS = int(os.environ.get("VOUCHERED", "20"))
Status = Order.Status


def buyers(number: int, **cart: object) -> list[Cart]:
    """So many carts at their review, each with the code and of another guest."""
    method, variant = make_delivery(), make_product(stock=10 * number).variants.get()
    found = []
    for index in range(number):
        made = ready_cart(index, (variant, 1), method=method.pk)
        made.email, made.voucher_code = f"ada{index}@example.test", "SPRING"
        for name, value in cart.items():
            setattr(made, name, value)
        made.save()
        found.append(made)
    return found


def order_all(carts: list[Cart]) -> Counter[str]:
    """What became of all at once, each with what it had reviewed: "ordered", or what refused it."""
    digests = [quote.of(cart).totals.digest for cart in carts]
    assert len({quote.of(cart).totals.total for cart in carts}) == 1
    results = together(len(carts), lambda index: completion.complete(carts[index], digests[index]))
    return Counter("ordered" if isinstance(one, Placed) else type(one).__name__ for one in results)


def test_one_use_and_many_at_once_are_one_use() -> None:
    voucher = make_voucher(limit=1)
    became = order_all(buyers(BUYERS))
    assert became["ordered"] == 1
    assert set(became) <= {"ordered", "UsedUp", "CartChanged"}
    assert Order.objects.filter(discount__gt=0).count() == Order.objects.count() == 1
    voucher.refresh_from_db()
    assert (voucher.used, PromotionUse.objects.count()) == (1, 1)
    # Whoever was refused keeps an open cart, and nothing of the voucher.
    assert Cart.objects.filter(closed_at=None).count() == BUYERS - 1
    assert VoucherCustomer.objects.count() == 1


def test_a_use_that_is_only_looked_up_would_be_given_many_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken variant: read, then write."""
    both_have_read = Barrier(2, timeout=10)

    def naive(_given: object, voucher: Voucher, **_more: object) -> None:
        row = Voucher.objects.get(pk=voucher.pk)
        both_have_read.wait()
        if row.limit is not None and row.used >= row.limit:
            raise vouchers.UsedUp(row.code)
        row.used += 1
        row.save()

    monkeypatch.setattr(vouchers, "use", naive)
    make_voucher(limit=1)
    assert order_all(buyers(2))["ordered"] == 2


@pytest.mark.parametrize(
    "emails", [("ada@example.test",), ("ada@example.test", "ADA@Example.test", "ada+2@example.test")]
)
def test_one_customer_at_once_in_many_browsers_uses_it_once(emails: tuple[str, ...]) -> None:
    make_voucher(limit_each=1)
    carts = buyers(12)
    for index, cart in enumerate(carts):
        cart.email = emails[index % len(emails)]
        cart.save()
    assert order_all(carts)["ordered"] == 1
    assert Order.objects.count() == 1


def test_an_account_uses_it_once_whatever_address_its_orders_go_to() -> None:
    make_voucher(limit_each=1)
    ada = make_user()
    first, second = buyers(2)
    Cart.objects.filter(pk=first.pk).update(user=ada)
    first.refresh_from_db()
    completion.complete(first, quote.of(first).totals.digest, customer_id=ada.pk)
    Cart.objects.filter(pk=second.pk).update(user=ada)
    second.refresh_from_db()
    shown = quote.of(second).offers.voucher
    assert shown is not None
    assert shown.problem == "You have used this code already: it is good for one order."


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada@Example.test", "ada@example.test"),
        ("ada+spring@example.test", "ada@example.test"),
        ("a.da@googlemail.com", "ada+x@gmail.com"),
    ],
)
def test_a_mailbox_is_one_however_it_is_written(one: str, other: str) -> None:
    assert customers.mailbox(one) == customers.mailbox(other)
    assert customers.mailbox("a.da@example.test") != customers.mailbox("ada@example.test")


def test_a_code_that_everybody_may_use_is_a_row_nobody_waits_for() -> None:
    """Another transaction holds the voucher's row; who orders with an unlimited code does not notice."""
    voucher = make_voucher()
    (cart,) = buyers(1)
    digest = quote.of(cart).totals.digest
    with transaction.atomic():
        Voucher.objects.select_for_update().get(pk=voucher.pk)
        (placed,) = together(1, lambda _index: completion.complete(cart, digest))
    assert isinstance(placed, Placed)
    assert PromotionUse.objects.get().voucher == voucher
    voucher.refresh_from_db()
    assert voucher.used == 0
    # A limit that comes later counts what was used before.
    voucher.limit = 5
    voucher.save()
    voucher.refresh_from_db()
    assert voucher.used == 1


def test_a_limited_one_is_locked_last_but_the_order_and_its_stock() -> None:
    make_voucher(limit=5)
    (cart,) = buyers(1)
    digest = quote.of(cart).totals.digest
    with CaptureQueriesContext(connection) as captured:
        completion.complete(cart, digest)
    statements = [query["sql"] for query in captured]
    place = {
        name: next(index for index, sql in enumerate(statements) if text in sql)
        for name, text in {
            "cart": "FOR UPDATE",
            "voucher": "UPDATE checkout_voucher SET",
            "order": "INSERT INTO orders_order",
            "stock": "UPDATE catalog_stock",
        }.items()
    }
    assert list(place) == sorted(place, key=place.__getitem__)
    after = [sql for sql in statements[place["voucher"] + 1 : place["order"]] if "SAVEPOINT" not in sql]
    assert after == []  # the use itself was written with it


def placed(**voucher: object) -> tuple[Order, Voucher]:
    """An order with the voucher."""
    made = make_voucher(**voucher)
    (cart,) = buyers(1)
    return completion.complete(cart, quote.of(cart).totals.digest).order, made


def standing(voucher: Voucher) -> tuple[int, int, int]:
    """Used, uses that are held, uses of its customers."""
    voucher.refresh_from_db()
    customers = VoucherCustomer.objects.values_list("used", flat=True)
    return voucher.used, PromotionUse.objects.filter(given_back_at=None).count(), sum(customers)


@pytest.mark.parametrize("end", [Status.CANCELLED, Status.EXPIRED])
def test_an_order_that_is_given_up_gives_its_use_back_once(end: str) -> None:
    order, voucher = placed(limit=1, limit_each=1)
    assert standing(voucher) == (1, 1, 1)
    states.move(order, end)
    job = Message.objects.filter(job="checkout.settle_vouchers").get()
    assert job.args == [order.pk]
    drain.drain("normal")
    assert standing(voucher) == (0, 0, 0)
    Message.objects.filter(pk=job.pk).update(done_at=None, lease_until=None)
    drain.drain("normal")
    assert standing(voucher) == (0, 0, 0)


def test_a_limit_that_did_not_see_an_order_being_placed_does_not_stop_what_gives_its_use_back() -> None:
    order, voucher = placed(limit=None)
    Voucher.objects.filter(pk=voucher.pk).update(limit=1)
    Voucher.objects.filter(pk=voucher.pk).update(used=0)  # as counted while the order was not there yet
    states.move(order, Status.CANCELLED)
    drain.drain("normal")
    voucher.refresh_from_db()
    assert voucher.used == 0
    assert PromotionUse.objects.get().given_back_at is not None


def test_the_use_stays_given_where_the_cancellation_is_rolled_back() -> None:
    order, voucher = placed(limit=1)
    with transaction.atomic():
        states.move(order, Status.CANCELLED)
        transaction.set_rollback(True)
    drain.drain("normal")
    assert standing(voucher)[:2] == (1, 1)


@pytest.mark.parametrize("is_late", [False, True])
def test_one_that_is_paid_after_it_expired_has_its_use_again_beyond_the_limit(is_late: bool) -> None:
    """Whichever of the two jobs runs first."""
    order, voucher = placed(limit=1, limit_each=1)
    order = states.move(order, Status.EXPIRED)
    if not is_late:
        drain.drain("normal")
        (other,) = buyers_after(order)
        completion.complete(other, quote.of(other).totals.digest)
        assert standing(voucher) == (1, 1, 1)
    states.move(order, Status.PAID)
    drain.drain("normal")
    assert standing(voucher) == ((1, 1, 1) if is_late else (2, 2, 2))
    noted = order.events.filter(kind="voucher_again").values_list("note", flat=True)
    assert list(noted) == (
        [] if is_late else ["SPRING, given back meanwhile, counts again whatever its limit"]
    )


def buyers_after(order: Order) -> list[Cart]:
    """One more buyer, who may have what was given back."""
    cart = ready_cart(99, (make_product().variants.get(), 1), method=Method.objects.get().pk)
    cart.email, cart.voucher_code = "grace@example.test", "SPRING"
    cart.save()
    assert quote.of(cart).offers.given
    return [cart]


def test_an_order_that_finds_the_shelf_empty_has_used_nothing(variant: Variant) -> None:
    voucher = make_voucher(limit=1)
    carts = buyers(1)
    digest = quote.of(carts[0]).totals.digest

    def empty(*_args: object, **_more: object) -> None:
        raise completion.CannotBeBought

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(placement, "place", empty)
        with pytest.raises(completion.CannotBeBought):
            completion.complete(carts[0], digest)
    assert standing(voucher) == (0, 0, 0)


def test_what_comes_by_itself_is_counted_too() -> None:
    make_promotion("Summer")
    order, _voucher = placed()
    assert {use.name: (use.code, str(use.amount)) for use in PromotionUse.objects.all()} == {
        "Spring": ("SPRING", "3.80"),
        "Summer": ("", "3.42"),
    }
    assert {use.total for use in PromotionUse.objects.all()} == {order.total}
