"""Carts that nobody can come back to, or that are done with, are forgotten: with the addresses in them.

A guest's cart is as good as its cookie, which lives 90 days. A customer's is found again by logging in, and
is kept for a year: longer than most shops do, as it holds no stock and costs one row. One that was ordered
stays for a month, and as long as its order waits for money, since whoever changes that order gets it back.
What its order used of promotions stays: those are the order's, and vouchers are counted by them.
"""

from django.db import connection

from checkout import cookies
from orders.models import Order

GUESTS_DAYS = cookies.KEPT_SECONDS // 86_400 + 1
CUSTOMERS_DAYS = 365
ORDERED_DAYS = 30
BATCH = 200  # carts that are locked at once

# Who is being changed just now is left alone: a locked cart is passed over, and one that was changed since
# this statement began is judged as it is by now.
_FORGET = """
    WITH stale AS MATERIALIZED (
        SELECT c.id FROM checkout_cart c WHERE {which} LIMIT %(batch)s FOR UPDATE OF c SKIP LOCKED
    ), lines AS (
        DELETE FROM checkout_cartline l USING stale s WHERE l.cart_id = s.id
    )
    DELETE FROM checkout_cart c USING stale s WHERE c.id = s.id
"""
_WHICH = (
    "c.closed_at IS NULL AND c.user_id IS NULL AND c.updated_at < now() - %(guests)s * interval '1 day'",
    "c.closed_at IS NULL AND c.updated_at < now() - %(customers)s * interval '1 day'",
    "c.closed_at < now() - %(ordered)s * interval '1 day' AND NOT EXISTS ("
    "  SELECT FROM orders_order o WHERE o.placement_key = 'cart-' || c.id || '-' || c.round"
    "  AND o.status = ANY(%(waiting)s))",
)


def forget() -> int:
    """Forgets some of each kind; how many. A transaction for each kind, a few milliseconds long."""
    values: dict[str, int | list[str]] = {
        "batch": BATCH,
        "guests": GUESTS_DAYS,
        "customers": CUSTOMERS_DAYS,
        "ordered": ORDERED_DAYS,
        "waiting": [Order.Status.PLACED.value, Order.Status.AUTHORIZED.value],
    }
    count = 0
    for which in _WHICH:
        with connection.cursor() as cursor:
            cursor.execute(_FORGET.format(which=which), values)
            count += cursor.rowcount
    return count
