"""What the outbox does for the checkout. Every job may run twice: the database says what has been done."""

from datetime import time, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from checkout import stale, vouchers
from orders import states
from orders.models import Order
from shop.outbox import outbox

NIGHT = time(3, 10)  # when carts are forgotten
BATCHES = 25  # then others have their turn


def plan_forgetting() -> None:
    """A round of the relay: stale carts are forgotten next night."""
    now = timezone.localtime()
    night = now.replace(hour=NIGHT.hour, minute=NIGHT.minute, second=0, microsecond=0)
    due = night if night > now else night + timedelta(days=1)
    outbox.enqueue("checkout.forget_carts", queue="low", due=due, once=True)


def forget_carts() -> None:
    """A few thousand carts that nobody can come back to; if there are more, in a minute again."""
    if all(stale.forget() for _batch in range(BATCHES)):
        outbox.enqueue("checkout.forget_carts", queue="low", due_in=timedelta(minutes=1))


def settle_vouchers(order_id: int) -> None:
    """What an order used of promotions is held while it counts, and can be used again while it does not.

    The status is read when its uses are locked: whoever changes it later has written a job that comes later.
    """
    order = Order.objects.filter(pk=order_id).only("placement_key").first()
    if order is None:
        return
    with transaction.atomic():
        vouchers.lock(order.placement_key)
        order.refresh_from_db()
        if order.status in states.GIVEN_UP:
            vouchers.give_back(order.placement_key)
            return
        for code in vouchers.take_again(order.placement_key):
            text = _("%(code)s, given back meanwhile, counts again whatever its limit")
            states.note_event(order, "voucher_again", note=text % {"code": code})
