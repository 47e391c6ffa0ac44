"""One contract, two gateways: what holds for `fake` holds for Stripe, as the double plays it."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

import pytest
from django.utils import timezone

from orders import gateways
from orders.gateways import GatewayDown, GatewayResult, PaymentGateway, Refused
from shop.money import Money
from tests.orders.conftest import eur
from tests.stripe import double as doubles
from tests.stripe.double import Double

pytestmark = pytest.mark.django_db
_number = count(1)
SUM = eur("25.00")
PAYS, DECLINES, TAKES_TIME = "4242424242424242", "4000000000000002", "000123456789"


@dataclass
class Subject:
    """A gateway, and how its buyer makes a payment end in one way or another."""

    gateway: PaymentGateway
    pay: Callable[..., GatewayResult]
    double: Double | None = None


@pytest.fixture(scope="module")
def shared_double() -> Iterator[Double]:
    with doubles.running() as double:
        yield double


@pytest.fixture(params=["fake", "stripe"])
def subject(request: pytest.FixtureRequest, settings) -> Subject:
    def asked(gateway: PaymentGateway, key: str, choice: str, amount: Money, **more: str) -> GatewayResult:
        return gateway.create(
            key=key,
            amount=amount,
            choice=choice,
            description="D10001",
            return_url="http://127.0.0.1/order/x/returned/",
            email="ada@example.com",
            **more,
        )

    if request.param == "fake":
        fake = gateways.named("fake")
        return Subject(
            fake,
            lambda way="pays", key="": asked(fake, key or f"k{next(_number)}", way, SUM),
        )
    double: Double = request.getfixturevalue("shared_double")
    stripe = gateways.named("stripe")
    cards = {"pays": PAYS, "declines": DECLINES, "pending": TAKES_TIME, "approves": PAYS}
    tokens: dict[str, str] = {}

    def pay(way: str = "pays", key: str = "") -> GatewayResult:
        settings.STRIPE_CAPTURE = "manual" if way == "approves" else "automatic"
        key = key or f"k{next(_number)}"
        token = tokens.setdefault(key, double.token(cards[way]))
        return asked(stripe, key, "card", SUM, token=token)

    return Subject(stripe, pay, double)


@pytest.mark.parametrize(
    ("way", "status"),
    [("pays", "succeeded"), ("declines", "declined"), ("pending", "pending"), ("approves", "authorized")],
)
def test_a_payment_ends_as_its_buyer_wants_it_and_says_so_again(
    subject: Subject, way: str, status: str
) -> None:
    made = subject.pay(way)
    assert made.status == status
    assert made.amount == eur("25.00")
    assert subject.gateway.fetch(made.reference) == made


def test_the_same_key_is_the_same_payment(subject: Subject) -> None:
    first = subject.pay("pays", key="once")
    assert subject.pay("pays", key="once") == first
    assert subject.pay("pays", key="again").reference != first.reference


def test_a_decline_says_why(subject: Subject) -> None:
    assert "declined" in subject.pay("declines").reason


def test_what_was_approved_is_captured_once(subject: Subject) -> None:
    made = subject.pay("approves")
    for _ in range(2):
        assert subject.gateway.capture(made.reference, key="capture").status == "succeeded"
    assert subject.gateway.fetch(made.reference).status == "succeeded"


def test_what_is_open_can_be_withdrawn_and_what_is_paid_cannot(subject: Subject) -> None:
    approved = subject.pay("approves")
    for _ in range(2):
        assert subject.gateway.withdraw(approved.reference, key="withdraw").status == "withdrawn"
    paid = subject.pay("pays")
    assert subject.gateway.withdraw(paid.reference, key="too late").status == "succeeded"
    at_bank = subject.pay("pending")
    assert subject.gateway.withdraw(at_bank.reference, key="at the bank").status == "pending"


def test_a_withdrawn_payment_is_never_captured(subject: Subject) -> None:
    approved = subject.pay("approves")
    subject.gateway.withdraw(approved.reference, key="first")
    with contextlib.suppress(Refused):
        assert subject.gateway.capture(approved.reference, key="second").status == "withdrawn"
    assert subject.gateway.fetch(approved.reference).status == "withdrawn"


def test_refunds_are_made_once_by_key_in_parts_and_never_beyond_what_was_paid(subject: Subject) -> None:
    paid = subject.pay("pays")
    first = subject.gateway.refund(paid.reference, key=f"{paid.reference}-1", amount=eur("10.00"))
    assert (first.status, first.amount) == ("succeeded", eur("10.00"))
    assert subject.gateway.refund(paid.reference, key=f"{paid.reference}-1", amount=eur("10.00")) == first
    subject.gateway.refund(paid.reference, key=f"{paid.reference}-2", amount=eur("15.00"))
    with pytest.raises(Refused):
        subject.gateway.refund(paid.reference, key=f"{paid.reference}-3", amount=eur("0.50"))
    sent = subject.gateway.refunds(paid.reference)
    assert {one.key for one in sent} == {f"{paid.reference}-1", f"{paid.reference}-2"}
    assert Money.sum((one.amount for one in sent), "EUR") == eur("25.00")


@pytest.mark.parametrize(
    ("number", "begins", "ends"),
    [
        ("4000000000007726", "pending", "succeeded"),
        ("4000000000007726", "pending", "failed"),
        ("4000000000005126", "succeeded", "failed"),
        ("4000000000007726", "pending", "canceled"),
    ],
)
def test_a_refund_may_take_its_time_and_fail_even_after_it_was_sent(
    shared_double: Double, settings, number: str, begins: str, ends: str
) -> None:
    settings.STRIPE_CAPTURE = "automatic"
    stripe = gateways.named("stripe")
    wish = {"choice": "card", "description": "D1", "return_url": "http://127.0.0.1/", "amount": SUM}
    paid = stripe.create(key=f"late{next(_number)}", token=shared_double.token(number), **wish)
    sent = stripe.refund(paid.reference, key=f"{paid.reference}-1", amount=SUM)
    assert sent.status == begins
    shared_double.refund(sent.reference, ends)
    (found,) = stripe.refunds(paid.reference)
    assert found.status == {"canceled": "failed"}.get(ends, ends)
    if found.status == "failed":  # the money is there again, and can be sent anew
        assert (
            stripe.refund(paid.reference, key=f"{paid.reference}-2", amount=SUM).reference != sent.reference
        )


def test_what_was_never_paid_cannot_be_sent_back(subject: Subject) -> None:
    with pytest.raises(Refused):
        subject.gateway.refund(subject.pay("declines").reference, key="none", amount=eur("1.00"))


def test_a_webhook_that_nobody_signed_is_not_read(subject: Subject) -> None:
    with pytest.raises(gateways.BadSignature):
        subject.gateway.read(b"{}", {})


def test_the_providers_list_has_what_was_begun(subject: Subject) -> None:
    since = timezone.now() - timezone.timedelta(minutes=1)
    made = subject.pay("pays", key="listed")
    if subject.double is None:
        pytest.skip("fake keeps no list: its references say it all")
    assert {one.reference: one.key for one in subject.gateway.recent(since)}[made.reference] == "listed"


def test_a_lost_answer_costs_nothing(shared_double: Double, settings) -> None:
    settings.STRIPE_CAPTURE = "automatic"
    token, stripe = shared_double.token(), gateways.named("stripe")
    wish = {
        "key": "lost",
        "amount": eur("25.00"),
        "choice": "card",
        "description": "D1",
        "return_url": "http://127.0.0.1/",
        "token": token,
    }
    for path in ("POST /v1/payment_intents$", "confirm$"):
        shared_double.fault("lost", path)
        with pytest.raises(GatewayDown):
            stripe.create(**wish)
    assert stripe.create(**wish).status == "succeeded"
    paid = [one for one in shared_double.state["intents"] if one["metadata"].get("payment") == "lost"]
    assert [one["status"] for one in paid] == ["succeeded"]


@pytest.mark.parametrize("fault", ["500", "reset"])
def test_a_provider_that_is_away_is_told_from_one_that_refuses(shared_double: Double, fault: str) -> None:
    shared_double.fault(fault, "GET /v1/payment_intents/")
    with pytest.raises(GatewayDown):
        gateways.named("stripe").fetch("pi_nobody")
    with pytest.raises(Refused):
        gateways.named("stripe").fetch("pi_nobody")


def test_a_slow_provider_is_not_waited_for_beyond_its_time(shared_double: Double, settings) -> None:
    settings.PAYMENT_TIMEOUT_SECONDS = 0.2
    shared_double.fault("slow", "GET /v1/payment_intents/")
    with pytest.raises(GatewayDown):
        gateways.named("stripe").fetch("pi_nobody")


def test_the_double_keeps_what_a_key_was_answered_and_refuses_it_for_another_wish(
    shared_double: Double, settings
) -> None:
    stripe = gateways.named("stripe")
    wish = {"choice": "card", "description": "D1", "return_url": "http://127.0.0.1/", "key": "mine"}
    first = stripe.create(amount=eur("25.00"), **wish)
    assert stripe.create(amount=eur("25.00"), **wish) == first
    with pytest.raises(Refused, match="same parameters"):
        stripe.create(amount=eur("26.00"), **wish)
