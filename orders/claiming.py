"""A guest's orders join an account: the one just placed at login, the others once it is confirmed."""

from typing import Any

from django.db import models, transaction
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from orders import marking
from orders.models import Order
from orders.placement import PLACED_ORDER
from orders.queries import FRESH


def claim(sender: Any, request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    """At login or registration the order this browser has just placed as a guest joins the account.

    Only with the account's own address: the next one to log in here may be somebody else. Other orders with
    that address join once it is confirmed, which is seen to here as well: they may be newer than that.
    """
    claim_confirmed(user)
    session = getattr(request, "session", None)
    if session is None or PLACED_ORDER not in session:
        return
    fresh = _unclaimed(user.email).filter(placed_at__gt=timezone.now() - FRESH)
    _claim(user, fresh.filter(pk=session.pop(PLACED_ORDER)))


def claim_confirmed(user: User) -> None:
    """The guest orders with an account's address are its own, if the address is: anybody can register it."""
    if user.is_confirmed:
        _claim(user, _unclaimed(user.email))


@transaction.atomic
def _claim(user: User, orders: models.QuerySet[Order]) -> None:
    """In pk order: who confirms an address in one browser may log in with another."""
    found = list(orders.select_for_update().order_by("pk").values_list("pk", flat=True))
    if found:
        Order.objects.filter(pk__in=found).update(customer=user)
        marking.after_commit(user.pk)


def _unclaimed(email: str) -> models.QuerySet[Order]:
    return Order.objects.alias(folded=Lower("email")).filter(customer=None, folded=email.lower())
