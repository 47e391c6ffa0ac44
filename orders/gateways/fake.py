"""A gateway that takes no money: it pays, declines, approves or takes its time, as the buyer asks.

What it was asked for stands in its reference, so that it says the same for ever; what became of it since
(captured, sent back) is kept in the cache, which a demo may forget.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext as _

from orders.gateways import (
    BadSignature,
    Choice,
    Embedded,
    GatewayResult,
    PaymentEvent,
    RefundEvent,
    RefundResult,
    Refused,
)
from shop.money import Money
from shop.outbox import outbox

SETTLES_AFTER = timedelta(seconds=60)
KEPT_FOR = 30 * 86_400  # seconds
ANSWERS = {
    "pays": "succeeded",
    "declines": "declined",
    "pending": "pending",
    "approves": "authorized",
    "waits": "open",  # for tests: the buyer is at the bank
}
ENDS = frozenset({"pending", "authorized", "open"})


class FakeGateway:
    """The same key and choice give the same answer, however often asked."""

    code = "fake"

    def is_set_up(self) -> bool:
        return False  # it has no secrets: it speaks only while it is the one in use

    def choices(self) -> list[Choice]:
        return [
            Choice("pays", _("Test card that pays"), _("The payment succeeds at once.")),
            Choice("declines", _("Test card that is declined"), _("The bank says no; you can try again.")),
            Choice("pending", _("Test transfer that takes its time"), _("The money arrives a minute later.")),
        ]

    def knows(self, choice: str) -> bool:
        return choice in ANSWERS

    def embedded(self, amount: Money) -> Embedded | None:
        return None

    def create(
        self,
        *,
        key: str,
        amount: Money,
        choice: str,
        description: str,
        return_url: str,
        token: str = "",
        email: str = "",
    ) -> GatewayResult:
        reference = f"fake_{choice}_{amount.amount}_{amount.currency}_{_digest(key)}"
        if choice == "pending" and not _state(reference):
            # The bank's later word; a real provider would send a webhook.
            outbox.enqueue("orders.settle_pending_fake", key, queue="high", due_in=SETTLES_AFTER)
            _keep(reference, status="pending")
        return self.fetch(reference)

    def fetch(self, reference: str) -> GatewayResult:
        choice, amount = _parts(reference)
        status = _state(reference).get("status") or ANSWERS[choice]
        reason = _("The bank declined the card.") if status == "declined" else ""
        return GatewayResult(reference, status, reason, amount=amount)

    def arrive(self, reference: str) -> GatewayResult:
        """The transfer that took its time is there."""
        if self.fetch(reference).status == "pending":
            _keep(reference, status="succeeded")
        return self.fetch(reference)

    def capture(self, reference: str, *, key: str) -> GatewayResult:
        now = self.fetch(reference)
        if now.status not in {"authorized", "succeeded"}:
            raise Refused(f"{reference} is {now.status}")
        _keep(reference, status="succeeded")
        return self.fetch(reference)

    def withdraw(self, reference: str, *, key: str) -> GatewayResult:
        if self.fetch(reference).status in ENDS - {"pending"}:
            _keep(reference, status="withdrawn")
        return self.fetch(reference)

    def refund(self, reference: str, *, key: str, amount: Money) -> RefundResult:
        done = self.refunds(reference)
        for one in done:
            if one.key == key:
                return one
        now = self.fetch(reference)
        paid = now.amount or Money.zero(amount.currency)
        if (
            now.status != "succeeded"
            or Money.sum((one.amount for one in done), amount.currency) + amount > paid
        ):
            raise Refused(_("More than was paid."))
        kept = [*_state(reference).get("refunds", []), [key, str(amount.amount)]]
        _keep(reference, refunds=kept)
        return self.refunds(reference)[-1]

    def refunds(self, reference: str) -> list[RefundResult]:
        currency = _parts(reference)[1].currency
        return [
            RefundResult(f"fakeback_{_digest(key)}", "succeeded", Money(Decimal(amount), currency), key=key)
            for key, amount in _state(reference).get("refunds", [])
        ]

    def refunded(self, since: datetime) -> Iterator[RefundEvent]:
        return iter(())

    def recent(self, since: datetime) -> Iterator[GatewayResult]:
        return iter(())

    def read(self, body: bytes, headers: Mapping[str, str]) -> list[PaymentEvent | RefundEvent]:
        """{"reference": …, "status": …}, signed with the shop's own secret: what a test sends."""
        if not hmac.compare_digest(sign(body), headers.get("Fake-Signature", "")):
            raise BadSignature
        said = json.loads(body)
        if said["reference"].count("_") != 4 or said["status"] not in ANSWERS.values():
            return []
        return [PaymentEvent(self.code, said["reference"], said["status"], _parts(said["reference"])[1])]


def sign(body: bytes) -> str:
    """The header that goes with a webhook of this gateway."""
    return hmac.new(settings.SECRET_KEY.encode(), b"fake webhook" + body, "sha256").hexdigest()


def _parts(reference: str) -> tuple[str, Money]:
    _fake, choice, amount, currency, _hash = reference.split("_")
    return choice, Money(Decimal(amount), currency)


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:24]


def _state(reference: str) -> dict[str, Any]:
    return cache.get(f"fake:{reference}") or {}


def _keep(reference: str, **changed: Any) -> None:
    cache.set(f"fake:{reference}", {**_state(reference), **changed}, KEPT_FOR)


gateway = FakeGateway()
