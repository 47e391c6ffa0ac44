"""Money that the double sends back: at once, after a while, or not at all, as the card that paid has it."""

import time
from collections.abc import Callable
from typing import Any

from tests.stripe.cards import LATE_REFUNDS, invalid

Row = dict[str, Any]


class Refunds:
    """The part of the state that has to do with it."""

    refunds: dict[str, Row]
    tell: Callable[[str, Row], None]
    intent: Callable[[str], Row]
    new: Callable[[str], str]

    def create_refund(self, wanted: Row) -> Row:
        intent = self.intent(wanted.get("payment_intent", ""))
        if intent["status"] != "succeeded":
            raise invalid(f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.")
        done = self.refunded(intent["id"])
        amount = int(wanted.get("amount", intent["amount_received"] - done))
        if amount < 1 or amount + done > intent["amount_received"]:
            code = "charge_already_refunded" if done == intent["amount_received"] else "amount_too_large"
            raise invalid("Refund amount is greater than unrefunded amount on charge.", code=code)
        name = self.new("re")
        self.refunds[name] = {
            "id": name,
            "object": "refund",
            "amount": amount,
            "charge": intent["latest_charge"],
            "created": int(time.time()),
            "currency": intent["currency"],
            "failure_reason": None,
            "metadata": wanted.get("metadata", {}),
            "payment_intent": intent["id"],
            "status": "pending" if intent["payment_method"] in LATE_REFUNDS else "succeeded",
        }
        self.tell("refund.created", self.refunds[name])
        self.tell("charge.refunded", self.charge(intent))
        return self.refunds[name]

    def end_refund(self, name: str, status: str) -> None:
        """A bank's later word: even of one that was sent it may say that it could not take it."""
        refund = self.refunds[name]
        refund["status"] = status
        if status == "failed":
            refund["failure_reason"] = "expired_or_canceled_card"
            self.tell("refund.failed", refund)
        self.tell("refund.updated", refund)
        self.tell("charge.refund.updated", refund)

    def refunded(self, intent: str) -> int:
        return sum(
            row["amount"]
            for row in self.refunds.values()
            if row["payment_intent"] == intent and row["status"] not in {"failed", "canceled"}
        )

    def charge(self, intent: Row) -> Row:
        return {
            "id": intent["latest_charge"],
            "object": "charge",
            "amount": intent["amount"],
            "amount_refunded": self.refunded(intent["id"]),
            "currency": intent["currency"],
            "payment_intent": intent["id"],
        }
