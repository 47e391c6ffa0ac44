"""Decisions about vouchers: one is put into a cart or taken out, used by an order, given back, used again."""

from collections.abc import Sequence
from copy import copy
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Greatest, Now
from django.utils.translation import gettext as _
from psycopg.types.json import Jsonb

from checkout import cart as carts
from checkout import codes, customers, quote
from checkout.models import Cart, PromotionUse, Voucher, VoucherCustomer
from checkout.offers import VoucherShown
from checkout.promotions import Given
from shop.money import Money
from shop.postgresql.base import prepared_cursor


class NotTheFirst(Exception):
    """Between the look and the order the same customer has ordered elsewhere: this is no first order now."""


class UsedUp(Exception):
    """Between the look and the order somebody else, or the same customer elsewhere, has used the last one."""


def put(cart: Cart, code: str) -> VoucherShown:
    """The cart's voucher from now on, in place of another; if it can never count the cart stays as it is.

    It is kept if the cart lacks something for it, and counts as soon as that is there. CartClosed.
    """
    tried = copy(cart)
    tried.voucher_code = code[: codes.MOST]
    shown = quote.of(tried).offers.voucher
    if shown is None:
        return VoucherShown(code, _("Please enter the code."), is_over=True)
    if not shown.is_over:
        carts.set_voucher(cart, shown.code)
    return shown


def take_out(cart: Cart) -> None:
    """No voucher any more. CartClosed."""
    carts.set_voucher(cart, "")


# Whoever had it up to its limit counts nothing. Rows of the same keys are locked in the same order, and the
# voucher's after them, last of all: whoever wants the same code waits for as short as can be. One without a
# limit has its row left alone, unless it had one a moment ago: a limit that comes then counts anew.
_USE = """
    WITH counted AS (
        INSERT INTO checkout_vouchercustomer AS c (voucher_id, key, used)
        SELECT %(voucher)s::bigint, key, 1 FROM unnest(%(keys)s::text[]) AS key
        ON CONFLICT (voucher_id, key) DO UPDATE SET used = c.used + 1
            WHERE %(each)s::int IS NULL OR c.used < %(each)s::int
        RETURNING key
    ), limited AS (
        UPDATE checkout_voucher SET used = used + 1
        WHERE id = %(voucher)s::bigint AND (SELECT count(*) FROM counted) = cardinality(%(keys)s::text[])
            AND is_active AND (used < "limit" OR ("limit" IS NULL AND %(was_limited)s::bool))
        RETURNING id
    )"""
_NOTED = """
    INSERT INTO checkout_promotionuse
        (promotion_id, voucher_id, placement_key, name, code, keys, currency, amount, total, used_at)
    SELECT one.promotion_id, CASE WHEN one.code <> '' THEN %(voucher)s::bigint END, %(placement_key)s::text,
        one.name, one.code, CASE WHEN one.code <> '' THEN %(keys)s::text[] ELSE '{}' END, %(currency)s::text,
        one.amount, %(total)s::numeric, now()
    FROM jsonb_to_recordset(%(given)s::jsonb)
        AS one(promotion_id bigint, name text, code text, amount numeric)
"""
_JUDGED = """
    SELECT (SELECT count(*) FROM counted) = cardinality(%(keys)s::text[])
        AND ((SELECT count(*) FROM limited) = 1 OR (NOT %(was_limited)s::bool
            AND EXISTS (SELECT FROM checkout_voucher WHERE id = %(voucher)s::bigint AND "limit" IS NULL)))
"""
_USED = f"{_USE}, noted AS ({_NOTED}) {_JUDGED}"


# Whoever orders as the same customer at that moment waits here until this order is there, or is not.
_HOLD_CUSTOMER = """
    SELECT pg_advisory_xact_lock((3::bigint << 48) | ('x' || left(key, 12))::bit(48)::bigint)
    FROM unnest(%s::text[]) AS key
"""

# Held by all who use a code without a limit. The trigger `waits` of a voucher's limit waits for them before
# it has a row, and who comes later waits for it: what is read after this one is true until we commit.
_KEEP_UNLIMITED = "SELECT pg_advisory_xact_lock_shared(4::bigint << 48)"


def use(
    given: Sequence[Given],
    voucher: Voucher | None,
    *,
    placement_key: str,
    customer_id: int | None,
    email: str,
    total: Money,
) -> None:
    """An order is about to have these promotions; UsedUp if its voucher has no use left for this customer.

    NotTheFirst if one of them is for first orders, and this customer has ordered since it was quoted.

    In the placing transaction, as late as may be: from here on a voucher with a limit is locked, and the
    stock comes after it. One without a limit locks no row but its customer's own.
    """
    by_code = voucher if voucher is not None and any(one.rule.code for one in given) else None
    _first_only(given, customer_id, email)
    values: dict[str, Any] = {
        "voucher": by_code.pk if by_code else None,
        "keys": customers.keys(customer_id, email) if by_code else [],
        "placement_key": placement_key,
        "currency": total.currency,
        "total": total.amount,
        "given": Jsonb([_noted(one) for one in given]),
    }
    with prepared_cursor(connection) as cursor:
        if by_code is None:
            cursor.execute(_NOTED, values)
            return
        if by_code.limit is None:
            # In a statement of its own: only the next one sees a limit that this one has waited for.
            cursor.execute(_KEEP_UNLIMITED)
        limits = {"each": by_code.limit_each, "was_limited": by_code.limit is not None}
        cursor.execute(_USED, values | limits)
        (is_used,) = cursor.fetchone()
    if not is_used:
        raise UsedUp(by_code.code)


def _noted(one: Given) -> dict[str, Any]:
    rule = one.rule
    return {"promotion_id": rule.id, "name": rule.name, "code": rule.code, "amount": str(one.amount.amount)}


def _first_only(given: Sequence[Given], customer_id: int | None, email: str) -> None:
    """Of two orders at once only one is the first: the later of them waits, and looks once more."""
    if not any(one.rule.is_for_first_order for one in given):
        return
    with connection.cursor() as cursor:
        cursor.execute(_HOLD_CUSTOMER, [customers.keys(customer_id, email)])
    if customers.has_ordered(customer_id, email):
        raise NotTheFirst


def give_back(placement_key: str) -> int:
    """What that order used can be used again; how many uses that were. A second time is nothing."""
    with transaction.atomic():
        held = [use for use in lock(placement_key) if use.given_back_at is None]
        PromotionUse.objects.filter(pk__in=[use.pk for use in held]).update(given_back_at=Now())
        for use in held:
            _count(use, -1)
    return len(held)


def take_again(placement_key: str) -> list[str]:
    """An order that was given up counts after all: it keeps its uses, beyond every limit; their codes."""
    with transaction.atomic():
        held = [use for use in lock(placement_key) if use.given_back_at is not None]
        PromotionUse.objects.filter(pk__in=[use.pk for use in held]).update(given_back_at=None)
        for use in held:
            _count(use, +1)
    return [use.code for use in held if use.code]


def lock(placement_key: str) -> list[PromotionUse]:
    """The order's uses: who comes second sees what the first has done."""
    return list(PromotionUse.objects.select_for_update().filter(placement_key=placement_key).order_by("pk"))


def _count(use: PromotionUse, change: int) -> None:
    """At the customer, then at the voucher: as when it was used."""
    if use.voucher_id is None:
        return
    for key in use.keys:
        customer = VoucherCustomer.objects.filter(voucher=use.voucher_id, key=key)
        customer.update(used=F("used") + change)
    # Without a limit nobody counts there; one that comes later counts the uses themselves.
    # Below nothing it never goes, whatever was imported or mended by hand: else no use could be given back.
    used = Greatest(F("used") + change, 0)
    Voucher.objects.filter(pk=use.voucher_id, limit__isnull=False).update(used=used)
