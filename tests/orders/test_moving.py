"""An order that is shipped or cancelled tells its buyer, once, in the transaction that makes it true."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.core import mail
from django.db import transaction
from django.test import override_settings
from django.utils import timezone

from catalog.models import Stock, StockMovement, Variant
from orders import jobs, links, payments, shipments, states
from orders.models import Order
from orders.placement import place_order
from shop.outbox import drain
from shop.outbox.models import Message
from tests.orders.conftest import make_draft

pytestmark = pytest.mark.django_db


@pytest.fixture
def paid(order: Order) -> Order:
    payments.begin(order, "pays")
    drain.drain("normal")
    mail.outbox.clear()
    return Order.objects.get(pk=order.pk)


def both() -> list[str]:
    """The one mail's text and its HTML."""
    (sent,) = mail.outbox
    return [str(sent.body), str(sent.alternatives[0][0])]


def test_shipping_tells_who_brings_it_under_which_code_and_when(paid: Order) -> None:
    today = timezone.localdate()
    Order.objects.update(promised_from=today, promised_until=today + timedelta(days=1))
    shipments.ship(paid, tracking_code="JD0146")
    drain.drain("normal")
    for text in both():
        for words in ("DHL", "JD0146", "At your door", "Two suns over Cadiz", links.path(paid)):
            assert words in text
    assert mail.outbox[0].subject == f"Your order {paid.number} is on its way"


def test_what_is_not_known_is_not_said(paid: Order) -> None:
    past = timezone.localdate() - timedelta(days=1)
    Order.objects.update(delivery_carrier="", promised_from=past, promised_until=past)
    states.move(paid, "shipped")
    drain.drain("normal")
    for text in both():
        assert "Tracking code" not in text
        assert "At your door" not in text
        assert "Standard" in text


@pytest.mark.parametrize(("to", "job"), [("shipped", "send_shipped"), ("cancelled", "send_cancelled")])
def test_a_move_is_mailed_once(paid: Order, to: str, job: str) -> None:
    states.move(paid, to)
    with pytest.raises(states.WrongMove):
        states.move(paid, to)
    assert Message.objects.filter(job=f"orders.{job}").count() == 1
    drain.drain("normal")
    getattr(jobs, job)(paid.pk)
    assert len(mail.outbox) == 1
    assert paid.events.filter(kind=f"{to}_sent").count() == 1


@pytest.mark.parametrize("to", ["shipped", "cancelled"])
def test_a_move_that_did_not_happen_mails_nothing(paid: Order, to: str) -> None:
    with transaction.atomic():
        states.move(paid, to)
        transaction.set_rollback(True)
    drain.drain("normal")
    assert mail.outbox == []


def test_what_arrived_before_its_mail_left_is_not_said_to_be_on_its_way(paid: Order) -> None:
    states.move(paid, "shipped")
    states.move(paid, "delivered")
    drain.drain("normal")
    assert mail.outbox == []


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        ("pays", "You have paid €25.00. We send it back the way it came; one of us does that by hand"),
        ("pending", "Your payment was still on its way. Should it arrive, we send all of it back."),
        ("declines", "Nothing was charged, so there is nothing to send back."),
    ],
)
def test_cancelling_tells_what_becomes_of_the_money(order: Order, choice: str, told: str) -> None:
    payments.begin(order, choice)
    states.move(order, "cancelled")
    jobs.send_cancelled(order.pk)
    for text in both():
        assert told in text
    assert mail.outbox[0].subject == f"Your order {order.number} is cancelled"


def test_money_held_beside_money_received_is_not_called_on_its_way(order: Order) -> None:
    first = payments.begin(order, "pays").payment
    first.pk, first.idempotency_key, first.reference, first.status = None, "order-0-2", None, "pending"
    first.save(force_insert=True)
    states.move(order, "cancelled")
    jobs.send_cancelled(order.pk)
    assert all("You have paid €25.00" in text for text in both())


@pytest.mark.parametrize("job", ["send_confirmation", "ask_for_payment", "send_cancelled", "send_tracking"])
def test_mails_of_an_order_whose_market_is_gone_lead_to_the_default_one(variant: Variant, job: str) -> None:
    order = place_order(make_draft((variant, 1), market="gb", language="en-gb"))
    with override_settings(MARKETS=settings.MARKETS[:1]):
        getattr(jobs, job)(order.pk)
        for text in both():
            assert links.path(order) in text
            assert "/gb/" not in text


def test_the_ledger_names_the_order_by_its_number(paid: Order, variant: Variant) -> None:
    states.move(paid, "shipped")
    assert Stock.objects.get(variant=variant).on_hand == 8
    assert set(StockMovement.objects.values_list("reference", flat=True)) == {paid.number}
