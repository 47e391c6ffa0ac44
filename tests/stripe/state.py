"""What the double remembers: payment intents, sessions, refunds, and how each may go on."""

import itertools
import json
import secrets
import threading
import time
from collections.abc import Callable
from typing import Any

from tests.stripe.cards import DECLINES, NUMBERS, Refusal, invalid
from tests.stripe.refunds import Refunds

Row = dict[str, Any]


class State(Refunds):
    """All of it, under one lock; `tell` is called with each event."""

    def __init__(self, tell: Callable[[str, Row], None], home: Callable[[], str]) -> None:
        self.lock = threading.RLock()
        self.tell, self.home = tell, home
        self.intents: dict[str, Row] = {}
        self.sessions: dict[str, Row] = {}
        self.refunds = {}
        self.tokens: dict[str, str] = {}  # confirmation tokens: their payment method
        self._numbers = itertools.count(1)

    def new(self, prefix: str) -> str:
        return f"{prefix}_{next(self._numbers):06d}{secrets.token_hex(8)}"

    def token(self, number: str) -> str:
        with self.lock:
            made = self.new("ctoken")
            self.tokens[made] = NUMBERS.get(number.replace(" ", ""), "pm_card_chargeDeclined")
            return made

    # --- Payment intents -------------------------------------------------------------------------------

    def create_intent(self, wanted: Row) -> Row:
        for name in ("amount", "currency"):
            if name not in wanted:
                raise invalid(f"Missing required param: {name}.", param=name, code="parameter_missing")
        if int(wanted["amount"]) < 50 and wanted["currency"] not in {"jpy", "kwd"}:
            raise invalid("Amount must be at least €0.50 eur.", code="amount_too_small", param="amount")
        name = self.new("pi")
        self.intents[name] = {
            "id": name,
            "object": "payment_intent",
            "amount": int(wanted["amount"]),
            "amount_capturable": 0,
            "amount_received": 0,
            "capture_method": wanted.get("capture_method", "automatic"),
            "client_secret": f"{name}_secret_{secrets.token_hex(8)}",
            "created": int(time.time()),
            "currency": wanted["currency"],
            "description": wanted.get("description"),
            "last_payment_error": None,
            "latest_charge": None,
            "livemode": False,
            "metadata": wanted.get("metadata", {}),
            "next_action": None,
            "payment_method": None,
            "status": "requires_payment_method",
            "_return_url": None,
        }
        self.tell("payment_intent.created", self.intents[name])
        return self.intents[name]

    def intent(self, name: str) -> Row:
        if name not in self.intents:
            raise Refusal(
                404, "invalid_request_error", f"No such payment_intent: '{name}'", code="resource_missing"
            )
        return self.intents[name]

    def confirm(self, name: str, wanted: Row) -> Row:
        intent = self.intent(name)
        if intent["status"] not in {"requires_payment_method", "requires_confirmation", "requires_action"}:
            self._unexpected(intent, "confirm")
        method = wanted.get("payment_method") or self.tokens.get(wanted.get("confirmation_token", ""))
        if not method:
            raise invalid("You cannot confirm this PaymentIntent because it's missing a payment method.")
        return self.pay(intent, method, wanted.get("return_url"))

    def pay(self, intent: Row, method: str, return_url: str | None) -> Row:
        """With that card: done, declined (a Refusal), at the bank, or first to the 3-D Secure page."""
        intent.update(
            payment_method=method, next_action=None, last_payment_error=None, _return_url=return_url
        )
        if method in DECLINES:
            self._decline(intent, *DECLINES[method])
        elif method == "pm_card_threeDSecure2Required":
            page = f"{self.home()}/3ds/{intent['id']}"
            intent["status"] = "requires_action"
            intent["next_action"] = {
                "type": "redirect_to_url",
                "redirect_to_url": {"url": page, "return_url": return_url},
            }
            self.tell("payment_intent.requires_action", intent)
        elif method == "pm_usBankAccount_success":
            intent["status"] = "processing"
            self.tell("payment_intent.processing", intent)
        else:
            self.approve(intent)
        return intent

    def _decline(self, intent: Row, code: str, message: str) -> None:
        error = {"type": "card_error", "code": "card_declined", "decline_code": code, "message": message}
        intent.update(status="requires_payment_method", payment_method=None, last_payment_error=error)
        self.tell("payment_intent.payment_failed", intent)
        more = {"code": "card_declined", "decline_code": code, "payment_intent": intent}
        raise Refusal(402, "card_error", message, **more)

    def authenticated(self, intent: Row, is_confirmed: bool) -> None:
        """What the buyer said on the 3-D Secure page."""
        if intent["status"] != "requires_action":
            return
        intent["next_action"] = None
        if is_confirmed:
            self.approve(intent)
            return
        message = (
            "We are unable to authenticate your payment method. Please choose a different payment method."
        )
        error = {"type": "card_error", "code": "payment_intent_authentication_failure", "message": message}
        intent.update(status="requires_payment_method", payment_method=None, last_payment_error=error)
        self.tell("payment_intent.payment_failed", intent)

    def approve(self, intent: Row) -> None:
        """The bank said yes: taken at once, or kept until it is captured."""
        intent["latest_charge"] = self.new("ch")
        if intent["capture_method"] == "manual":
            intent.update(status="requires_capture", amount_capturable=intent["amount"])
            self.tell("payment_intent.amount_capturable_updated", intent)
        else:
            self._take(intent)
        self._complete_session(intent)

    def _take(self, intent: Row, amount: int | None = None) -> None:
        taken = intent["amount"] if amount is None else amount
        intent.update(status="succeeded", amount_received=taken, amount_capturable=0)
        self.tell("payment_intent.succeeded", intent)

    def capture(self, name: str, wanted: Row) -> Row:
        intent = self.intent(name)
        if intent["status"] != "requires_capture":
            self._unexpected(intent, "capture")
        amount = int(wanted.get("amount_to_capture", intent["amount"]))
        if not 0 < amount <= intent["amount_capturable"]:
            raise invalid("The amount to capture is more than was authorized.", code="amount_too_large")
        self._take(intent, amount)  # the rest is let go
        return intent

    def cancel(self, name: str, wanted: Row) -> Row:
        intent = self.intent(name)
        if intent["status"] in {"succeeded", "canceled", "processing"}:
            self._unexpected(intent, "cancel")
        intent.update(status="canceled", amount_capturable=0, next_action=None)
        self.tell("payment_intent.canceled", intent)
        return intent

    def _unexpected(self, intent: Row, what: str) -> None:
        message = f"You cannot {what} this PaymentIntent because it has a status of {intent['status']}."
        raise invalid(message, code="payment_intent_unexpected_state", payment_intent=intent)

    # --- Checkout sessions -----------------------------------------------------------------------------

    def create_session(self, wanted: Row) -> Row:
        name = self.new("cs_test")
        lines = [line for _place, line in sorted(wanted["line_items"].items())]
        prices = [line["price_data"] for line in lines]
        total = sum(
            int(price["unit_amount"]) * int(line["quantity"])
            for price, line in zip(prices, lines, strict=True)
        )
        self.sessions[name] = {
            "id": name,
            "object": "checkout.session",
            "amount_total": total,
            "cancel_url": wanted.get("cancel_url"),
            "client_reference_id": wanted.get("client_reference_id"),
            "created": int(time.time()),
            "currency": prices[0]["currency"],
            "customer_email": wanted.get("customer_email"),
            "livemode": False,
            "metadata": wanted.get("metadata", {}),
            "mode": wanted["mode"],
            "payment_intent": None,
            "payment_status": "unpaid",
            "status": "open",
            "success_url": wanted["success_url"],
            "url": f"{self.home()}/c/pay/{name}",
            "_intent": {
                **wanted.get("payment_intent_data", {}),
                "amount": total,
                "currency": prices[0]["currency"],
            },
            "_name": prices[0]["product_data"]["name"],
        }
        return self.sessions[name]

    def session(self, name: str) -> Row:
        if name not in self.sessions:
            raise Refusal(
                404, "invalid_request_error", f"No such checkout.session: {name}", code="resource_missing"
            )
        return self.sessions[name]

    def pay_session(self, session: Row, method: str) -> Row:
        """What the hosted page does with a card; its intent, declined as a Refusal."""
        if session["payment_intent"] is None:
            session["payment_intent"] = self.create_intent(session["_intent"])["id"]
        intent = self.intent(session["payment_intent"])
        if session["status"] == "open" and intent["status"] != "processing":
            self.pay(intent, method, f"{self.home()}/c/done/{session['id']}")
            if intent["status"] == "processing":
                self._complete_session(intent)
        return intent

    def expire(self, name: str, wanted: Row) -> Row:
        session = self.session(name)
        if session["status"] != "open":
            raise invalid(f"Only open Checkout Sessions can be expired; this one is {session['status']}.")
        session.update(status="expired", url=None)
        if session["payment_intent"] is not None:
            intent = self.intent(session["payment_intent"])
            if intent["status"] not in {"succeeded", "canceled", "processing"}:
                self.cancel(intent["id"], {})
        self.tell("checkout.session.expired", session)
        return session

    def _complete_session(self, intent: Row) -> None:
        for session in self.sessions.values():
            if session["payment_intent"] == intent["id"]:
                paid = "paid" if intent["status"] == "succeeded" else "unpaid"
                if session["status"] == "open":
                    session.update(status="complete", payment_status=paid, url=None)
                    self.tell("checkout.session.completed", session)
                elif paid == "paid":
                    session["payment_status"] = paid
                    self.tell("checkout.session.async_payment_succeeded", session)


def shown(row: Any) -> Any:
    """Without what is only ours."""
    clean = {name: value for name, value in row.items() if not name.startswith("_")}
    return json.loads(json.dumps(clean))
