"""Money at a gateway that no order knows: noted once, for a person to see, and closed when it has gone back.

Nothing is done with it by itself: whose it is stands at the provider's desk. It may be that of an order whose
row was lost with a database. What another shop of the same account has begun is that shop's business.
"""

import logging

from django.db.models import QuerySet
from django.utils import timezone

from orders import gateways
from orders.gateways import GatewayResult, PaymentEvent
from orders.models import StrayMoney
from shop.money import Money

logger = logging.getLogger(__name__)
Status = StrayMoney.Status
MONEY = frozenset({"succeeded", "authorized"})


def note(gateway: str, said: GatewayResult | PaymentEvent) -> None:
    """A gateway's word of what no row of ours knows: written down once if it is money."""
    # What was paid at the provider's own page is told of by two names: this one has the money.
    reference = said.also_known_as or said.reference
    if said.status == "withdrawn":
        _approved(gateway, reference).update(status=Status.GONE, closed_at=timezone.now())
    if said.is_foreign or said.status not in MONEY or not reference or said.amount is None:
        return
    came = {"amount": said.amount.amount, "currency": said.amount.currency, "status": said.status}
    _row, is_new = StrayMoney.objects.get_or_create(gateway=gateway, reference=reference, defaults=came)
    if is_new:
        logger.error("Money that no order knows: %s at %s", reference, gateway)
    elif said.status == Status.SUCCEEDED:
        _approved(gateway, reference).update(**came)


def find(gateway: str, reference: str) -> StrayMoney | None:
    """What is known of it."""
    return StrayMoney.objects.filter(gateway=gateway, reference=reference).first()


def look(stray: StrayMoney) -> None:
    """Ask the gateway whether it has gone back, all of it. GatewayDown; Refused."""
    gateway = gateways.named(stray.gateway)
    back = (one.amount for one in gateway.refunds(stray.reference) if one.status != "failed")
    has_gone = Money.sum(back, stray.currency) >= stray.money
    mine = StrayMoney.objects.filter(pk=stray.pk)
    if has_gone:
        mine.exclude(status=Status.GONE).update(status=Status.GONE, closed_at=timezone.now())
    else:  # a bank may not have taken it
        mine.filter(status=Status.GONE).update(status=Status.SUCCEEDED, closed_at=None)


def _approved(gateway: str, reference: str) -> QuerySet[StrayMoney]:
    return StrayMoney.objects.filter(gateway=gateway, reference=reference, status=Status.AUTHORIZED)
