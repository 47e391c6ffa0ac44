"""Decisions about vouchers: one is put into a cart or taken out, used by an order, given back, used again."""

from collections.abc import Sequence
from copy import copy

from django.db import connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest, Now
from django.utils.translation import gettext as _

from checkout import cart as carts
from checkout import codes, customers, quote
from checkout.models import Cart, PromotionUse, Voucher, VoucherCustomer
from checkout.offers import VoucherShown
from checkout.promotions import Given
from shop.money import Money


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


# Whoever had it up to its limit gets no row back. Rows of the same keys are locked in the same order.
_COUNT_CUSTOMER = """
    INSERT INTO checkout_vouchercustomer AS c (voucher_id, key, used)
    SELECT %s, key, 1 FROM unnest(%s::text[]) AS key
    ON CONFLICT (voucher_id, key) DO UPDATE SET used = c.used + 1 WHERE %s::int IS NULL OR c.used < %s::int
    RETURNING key
"""


# Whoever orders as the same customer at that moment waits here until this order is there, or is not.
_HOLD_CUSTOMER = """
    SELECT pg_advisory_xact_lock((3::bigint << 48) | ('x' || left(key, 12))::bit(48)::bigint)
    FROM unnest(%s::text[]) AS key
"""

# Held by all who use a code without a limit, and by nobody else but the trigger `counted` of its row.
_KEEP_UNLIMITED = "SELECT pg_advisory_xact_lock_shared((4::bigint << 48) | %s)"


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
    keys = customers.keys(customer_id, email) if by_code else []
    if by_code is not None:
        with connection.cursor() as cursor:
            each = by_code.limit_each
            cursor.execute(_COUNT_CUSTOMER, [by_code.pk, keys, each, each])
            if len(cursor.fetchall()) < len(keys):
                raise UsedUp(by_code.code)
        if _is_limited(by_code):
            left = Voucher.objects.filter(pk=by_code.pk, is_active=True)
            # One whose limit was taken away meanwhile has uses left; a later limit counts them anew.
            if not left.filter(Q(used__lt=F("limit")) | Q(limit=None)).update(used=F("used") + 1):
                raise UsedUp(by_code.code)
    PromotionUse.objects.bulk_create(
        PromotionUse(
            promotion_id=one.rule.id,
            voucher=by_code if one.rule.code else None,
            placement_key=placement_key,
            name=one.rule.name,
            code=one.rule.code,
            keys=keys if one.rule.code else [],
            currency=total.currency,
            amount=one.amount.amount,
            total=total.amount,
        )
        for one in given
    )


def _is_limited(voucher: Voucher) -> bool:
    """Whether its row counts this use. If not, a limit that is set now waits until this order is there.

    The trigger that counts what was used before waits for all who hold this lock, and who comes later waits
    for the trigger: so each use is either counted by it, or counts itself.
    """
    if voucher.limit is not None:
        return True
    mark = transaction.savepoint()
    with connection.cursor() as cursor:
        cursor.execute(_KEEP_UNLIMITED, [voucher.pk])
    # A statement of its own: the one that has waited sees what was there before it.
    if Voucher.objects.filter(pk=voucher.pk, limit=None).exists():
        transaction.savepoint_commit(mark)
        return False
    # Given up before the row is waited for: who sets the next limit has the row, and waits for this lock.
    transaction.savepoint_rollback(mark)
    return True


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
