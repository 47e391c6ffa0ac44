"""An order that waits for its payment, changed: it is withdrawn, and its cart is open in a new round."""

from django.db import IntegrityError, transaction
from django.http import HttpRequest

from checkout import cart as carts
from checkout import cookies, joining, queries, vouchers
from checkout.models import Cart
from orders import payments
from orders.models import Order
from orders.placement import PLACED_ORDER


def reopen(request: HttpRequest, order: Order) -> Cart | None:
    """The visitor's cart with everything that was ordered, and what they have put into one since.

    None: the order is withdrawn, but its cart is not there any more. payments.Underway if money has come or
    is on its way: then nothing has happened.
    """
    try:
        return _reopen(request, order)
    except IntegrityError:
        # Between the look and the write another tab began a cart for the account: now it is there to see.
        return _reopen(request, order)


def _reopen(request: HttpRequest, order: Order) -> Cart | None:
    token = cookies.new_token()
    user = request.user if request.user.is_authenticated else None
    with transaction.atomic():
        # All of them first, in their order: whoever edits or orders one waits, and then finds it closed.
        since = carts.open(request)
        ids = [pk for pk in (Cart.of_placement(order.placement_key), since.pk if since else None) if pk]
        locked = Cart.objects.select_for_update().filter(pk__in=ids).order_by("pk")
        found = {cart.pk: cart for cart in locked}
        held = next((cart for cart in found.values() if cart.placement_key == order.placement_key), None)
        # For the next round at once, and before the stock is locked; the job that follows finds it done.
        vouchers.give_back(order.placement_key)
        payments.withdraw(order)
        if held is None:
            return None
        later = found.get(since.pk) if since else None
        if later is not None and later.closed_at is None:
            joining.absorb(held, later, later.lines.order_by("pk"))
        held.round += 1
        held.closed_at, held.token_hash, held.user = None, cookies.hashed(token), user
        held.save()
    cookies.remember(request, token, 0)
    carts.show_size(request, held)
    return held


def holding(request: HttpRequest, variant_id: int) -> Order | None:
    """The visitor's own order that waits for its payment, and for which that variant is kept."""
    user = request.user if request.user.is_authenticated else None
    return queries.unpaid_with(variant_id, user, request.session.get(PLACED_ORDER))


def waiting(request: HttpRequest) -> Order | None:
    """The visitor's own latest order that can still be paid."""
    user, placed = request.user if request.user.is_authenticated else None, request.session.get(PLACED_ORDER)
    if user is None and placed is None:
        return None
    unpaid = queries.unpaid_in_time(user, placed)
    return next((order for order in unpaid if payments.is_payable(order)), None)
