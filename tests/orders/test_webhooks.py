"""What a webhook says counts once, in any order, and only if the provider signed it just now."""

import json
import os
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client, override_settings

from orders import gateways, payments, reconciliation
from orders.gateways import stripe_words
from orders.models import Order, OrderEvent, Payment, Refund, StrayMoney
from shop.outbox import drain
from shop.outbox.models import Message
from tests.orders.conftest import eur
from tests.stripe.delivery import SECRET, signature
from tests.stripe.double import Double

pytestmark = pytest.mark.django_db
ADDRESS = "/payments/stripe/"
FORGED = int(os.environ.get("FORGED_WEBHOOKS", "60"))
TAKES_TIME = "000123456789"
Event = dict[str, Any]


def post(client: Client, event: Event | bytes, header: str | None = None, **more: Any) -> int:
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    header = signature(body) if header is None else header
    answer = client.post(ADDRESS, body, more.pop("kind", "application/json"), HTTP_STRIPE_SIGNATURE=header)
    return answer.status_code


def rows() -> tuple[int, ...]:
    models = (Order, OrderEvent, Payment, Refund, StrayMoney, Message)
    return tuple(model.objects.count() for model in models)


@pytest.fixture
def pending(order: Order, double: Double) -> Payment:
    """The money is at the bank."""
    return payments.begin(order, "card", token=double.token(TAKES_TIME)).payment


@pytest.fixture
def arrived(pending: Payment, double: Double) -> Event:
    """It has come, and nobody has told us."""
    double.bank(str(pending.reference))
    return double.events[-1]


def test_a_word_settles_its_payment(client: Client, pending: Payment, arrived: Event) -> None:
    assert pending.status == "pending"
    for _ in range(3):
        assert post(client, arrived) == 204
    pending.refresh_from_db()
    assert (pending.status, pending.order.status) == ("succeeded", "paid")
    assert OrderEvent.objects.filter(kind="paid").count() == 1


def forged(body: bytes) -> Iterator[str]:
    """Signatures that are none, of a dozen kinds."""
    chance, now = random.Random(6), int(time.time())
    made: list[Callable[[], str]] = [
        lambda: "",
        lambda: "t=,v1=",
        lambda: f"t={now},v1={chance.randbytes(32).hex()}",
        lambda: signature(body, "whsec_" + chance.randbytes(8).hex()),
        lambda: signature(body[:-1] + b" "),
        lambda: signature(body).replace("v1=", "v0="),
        lambda: signature(body, at=now).replace(f"t={now}", f"t={now + chance.randint(1, 99)}"),
        lambda: signature(body, at=now - 301 - chance.randint(0, 10**6)),
        lambda: signature(body, at=now + 302 + chance.randint(0, 10**6)),
        lambda: "t=٣,v1=é",
        lambda: f"t={now},t={now - 1},v1={signature(body).partition('v1=')[2]}",
        lambda: f"t={'9' * chance.randint(13, 5000)},v1=00",
    ]
    for number in range(FORGED):
        yield made[number % len(made)]()


def test_forged_webhooks_write_nothing(client: Client, arrived: Event) -> None:
    before, body = rows(), json.dumps(arrived).encode()
    for header in forged(body):
        assert post(client, body, header) == 400
    assert rows() == before


def test_broken_a_word_that_nobody_checks_pays_the_order(
    client: Client, arrived: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken variant: whatever comes to that address is believed."""
    monkeypatch.setattr(stripe_words, "check", lambda body, header: None)
    before, body = rows(), json.dumps(arrived).encode()
    assert post(client, body, next(forged(body))) == 204
    assert rows() != before


@pytest.mark.parametrize("away", [-290, 290])
def test_clocks_may_differ_by_five_minutes(client: Client, arrived: Event, away: int) -> None:
    body = json.dumps(arrived).encode()
    assert post(client, body, signature(body, at=time.time() + away)) == 204


def test_bodies_that_are_none_are_refused(client: Client, order: Order, double: Double) -> None:
    for body in (b"", b"{", b"\xff\xfe", b"\x00"):
        assert post(client, body) == 400
    assert client.post(ADDRESS, {"a": "b"}).status_code == 400  # a form that was read already
    assert client.get(ADDRESS).status_code == 405


def test_no_other_gateway_is_spoken_for(client: Client, double: Double, arrived: Event) -> None:
    assert client.post("/payments/fake/", b"{}", "application/json").status_code == 404
    assert client.post("/payments/stripe_words/", b"{}", "application/json").status_code == 404


def test_a_former_gateway_is_heard_while_its_secrets_are_set(
    client: Client, pending: Payment, arrived: Event, settings: Any
) -> None:
    settings.PAYMENT_GATEWAY = "fake"
    assert post(client, arrived) == 204
    pending.refresh_from_db()
    assert (pending.status, pending.order.status) == ("succeeded", "paid")
    for name in ("STRIPE_WEBHOOK_SECRETS", "STRIPE_SECRET_KEY"):
        with override_settings(**{name: type(getattr(settings, name))()}):
            assert post(client, arrived) == 404


def test_what_does_not_concern_us_is_well(client: Client, arrived: Event) -> None:
    before = rows()
    for kind in ("customer.created", "payment_intent.created", "payment_intent.of_the_future"):
        assert post(client, {**arrived, "type": kind}) == 204
    assert rows() == before


def test_a_secret_that_is_being_changed_is_believed_beside_the_new_one(
    client: Client, arrived: Event, settings: Any
) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_new", SECRET]
    assert post(client, arrived) == 204


@pytest.mark.parametrize(
    ("changed", "reason"),
    [({"account": "acct_1"}, "account acct_1"), ({"livemode": True}, "livemode")],
)
def test_money_of_another_account_or_of_another_mode_is_held(
    client: Client, pending: Payment, arrived: Event, changed: Event, reason: str
) -> None:
    for _ in range(2):
        assert post(client, {**arrived, **changed}) == 204
    pending.refresh_from_db()
    assert (pending.status, pending.reason) == ("held", reason)
    assert Order.objects.get().status == "placed"
    assert OrderEvent.objects.filter(kind="payment_held").count() == 1


def test_another_amount_is_held(client: Client, pending: Payment, arrived: Event) -> None:
    arrived["data"]["object"]["amount_received"] = 2499
    assert post(client, arrived) == 204
    pending.refresh_from_db()
    assert (pending.status, pending.reason) == ("held", "24.99 EUR")


def test_the_providers_word_may_come_before_its_answer(client: Client, order: Order, double: Double) -> None:
    """The request that asked died: the payment has no reference yet."""
    payment = payments.begin(order, "card", token=double.token()).payment
    paid = next(event for event in double.events if event["type"] == "payment_intent.succeeded")
    with transaction.atomic():
        Payment.objects.filter(pk=payment.pk).update(status="begun", reference=None, settled_at=None)
        Order.objects.filter(pk=order.pk).update(status="placed")
    assert post(client, paid) == 204
    payment.refresh_from_db()
    assert (payment.status, payment.reference) == ("succeeded", paid["data"]["object"]["id"])


@pytest.mark.parametrize("told", ["payment_intent.succeeded", "checkout.session.completed", ""])
def test_a_refund_at_the_desk_of_what_was_paid_at_the_providers_page_is_seen(
    client: Client, order: Order, double: Double, told: str
) -> None:
    begun = payments.begin(order, "hosted")
    double.visit(begun.redirect_url, number="4242424242424242")
    if told:
        (event,) = [event for event in double.events if event["type"] == told]
        assert post(client, event) == 204
    else:
        reconciliation.compare(begun.payment)
    gateways.get().refund(str(begun.payment.reference), key="", amount=eur("5.00"))
    made, looked = double.events[-2:]
    assert [post(client, event) for event in (made, looked, made)] == [204] * 3
    drain.drain("high")
    (refund,) = Refund.objects.all()
    assert (refund.status, refund.money) == ("succeeded", eur("5.00"))
