"""What the outbox does for the checkout. Every job may run twice: the database says what has been done."""

from django.db import transaction
from django.utils.translation import gettext as _

from checkout import vouchers
from orders import states
from orders.models import Order


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
