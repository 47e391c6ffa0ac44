"""Stripe's test cards, and how the double says no."""

from typing import Any

# What the known test cards do, by payment method; numbers as a person types them.
NUMBERS = {
    "4242424242424242": "pm_card_visa",
    "4000000000000002": "pm_card_chargeDeclined",
    "4000002760003184": "pm_card_threeDSecure2Required",
    "4000000000009995": "pm_card_chargeDeclinedInsufficientFunds",
    "000123456789": "pm_usBankAccount_success",  # takes its time
    "4000000000007726": "pm_card_pendingRefund",
    "4000000000005126": "pm_card_refundFail",  # some time after it was sent: a test says when
}
LATE_REFUNDS = {"pm_card_pendingRefund"}
DECLINES = {
    "pm_card_chargeDeclined": ("generic_decline", "Your card was declined."),
    "pm_card_chargeDeclinedInsufficientFunds": ("insufficient_funds", "Your card has insufficient funds."),
}


class Refusal(Exception):
    """An answer that says no."""

    def __init__(self, status: int, kind: str, message: str, **more: Any) -> None:
        self.status = status
        self.body = {"error": {"type": kind, "message": message, **more}}
        super().__init__(message)


def invalid(message: str, **more: Any) -> Refusal:
    return Refusal(400, "invalid_request_error", message, **more)
