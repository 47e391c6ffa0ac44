"""What we send to Stripe has the form that its own description asks for: stripe-mock looks, if there is one.

STRIPE_MOCK names its program (`go install github.com/stripe/stripe-mock@latest`), or it stands on PATH.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from orders import gateways
from orders.gateways.stripe_api import api, ask
from tests.orders.conftest import eur

MOCK = os.environ.get("STRIPE_MOCK") or shutil.which("stripe-mock")
pytestmark = pytest.mark.skipif(not MOCK, reason="no stripe-mock on PATH, nor named by STRIPE_MOCK")


@pytest.fixture(scope="module")
def mock() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([str(MOCK), "-http-port", str(port)], stdout=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def stripe(mock: str, settings) -> gateways.PaymentGateway:
    settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE = "sk_test_123", mock
    return gateways.named("stripe")


@pytest.mark.parametrize(("choice", "token"), [("card", ""), ("card", "ctoken_1"), ("hosted", "")])
@pytest.mark.parametrize("capture", ["automatic", "manual"])
def test_asking_for_money(
    stripe: gateways.PaymentGateway, settings, choice: str, token: str, capture: str
) -> None:
    settings.STRIPE_CAPTURE = capture
    result = stripe.create(
        key="key",
        amount=eur("25.00"),
        choice=choice,
        description="D10001",
        return_url="https://shop.example/order/x/returned/",
        token=token,
        email="ada@example.com",
    )
    assert result.reference


def test_everything_else(stripe: gateways.PaymentGateway) -> None:
    stripe.fetch("pi_1")
    stripe.fetch("cs_1")
    stripe.capture("pi_1", key="key")
    ask(lambda *wanted, **more: api().payment_intents.capture("pi_1", *wanted, **more), {}, "key")
    stripe.withdraw("pi_1", key="key")
    stripe.withdraw("cs_1", key="key")
    assert stripe.refund("pi_1", key="key", amount=eur("5.00")).reference
    stripe.refunds("pi_1")
    list(stripe.recent(datetime.now(UTC)))


def test_a_wrong_form_would_be_seen(stripe: gateways.PaymentGateway) -> None:
    """The test of the test."""
    with pytest.raises(gateways.Refused):
        ask(api().refunds.create, {"payment_intent": "pi_1", "sum": 500}, "key")
