"""Refunds that somebody made elsewhere: at the provider's desk, or by a bank transfer. None is made twice."""

import pytest

from orders import gateways, jobs, payments, refunds
from orders.gateways import RefundResult
from orders.models import Order, Refund
from shop.outbox import drain
from tests.orders.conftest import eur
from tests.orders.test_reconciling import later
from tests.stripe.double import Double

pytestmark = pytest.mark.django_db


def test_one_that_is_pending_at_the_providers_desk_is_looked_up_and_never_made_again(
    order: Order, double: Double
) -> None:
    payment = payments.begin(order, "card", token=double.token()).payment
    made = gateways.get().refund(str(payment.reference), key="", amount=eur("5.00"))
    refunds.settle(payment, RefundResult(made.reference, "pending", eur("5.00"), "", ""))
    assert Refund.objects.get().status == "begun"
    later(15)
    jobs.compare_payments()
    drain.drain("high")
    (there,) = double.state["refunds"]
    assert there["amount"] == 500
    assert Refund.objects.get().status == "succeeded"
