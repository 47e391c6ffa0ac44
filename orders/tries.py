"""How many payments one address may try in an hour: each counts once, however often it is sent."""

import hashlib

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from orders import attempts, payments
from orders.attempts import Attempt
from orders.gateways import GatewayResult
from orders.models import Order, Payment
from shop import limits

SECONDS = 3600


def exceeded(request: HttpRequest, order: Order, attempt: Attempt, choice: str, token: str) -> bool:
    """Counts this attempt, and judges by that: of many at once no two see the same count.

    Only what was let through is known when it is sent once more, so that a second click is nobody's way
    around. Of a double click both may count. What was written with its order, and may not be asked, ends.
    """
    mark = _mark(order, attempt, choice, token)
    if mark and cache.get(mark):
        return False
    limit = settings.PAYMENTS_PER_HOUR
    if limits.count(request, "pay", limits.address(request), limit=limit, seconds=SECONDS):
        if isinstance(attempt, Payment):
            ended = GatewayResult("", "withdrawn", "too many payments were tried from there")
            payments.settle(payments.word(attempt, ended))
        return True
    if mark:
        cache.set(mark, 1, SECONDS)
    return False


def _mark(order: Order, attempt: Attempt, choice: str, token: str) -> str:
    """Of this attempt, in this way; none if it is not said which one it is."""
    if attempt is None:
        return ""
    number = attempts.number(attempt) if isinstance(attempt, Payment) else attempt
    way = hashlib.sha256(f"{choice} {token}".encode()).hexdigest()[:32]
    return f"tried:{order.pk}:{number}:{way}"
