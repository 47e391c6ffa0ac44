"""What Stripe says, in our words: amounts, states, and its webhooks once their signature is checked."""

import hmac
import json
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from orders.gateways import BadSignature, GatewayResult, PaymentEvent, RefundEvent, RefundResult
from shop.money import Money

CODE = "stripe"
TOLERANCE = 300  # seconds, to either side
# As Stripe counts, which is not ISO in each case: its króna and shilling have cents that are always 00.
WHOLE = {"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA"}
WHOLE |= {"PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"}
THOUSANDTHS = {"BHD", "JOD", "KWD", "OMR", "TND"}
STATES = {
    "requires_payment_method": "open",
    "requires_confirmation": "open",
    "requires_action": "open",
    "processing": "pending",
    "requires_capture": "authorized",
    "succeeded": "succeeded",
    "canceled": "withdrawn",
}
Word = PaymentEvent | RefundEvent


def _exponent(currency: str) -> int:
    return 0 if currency in WHOLE else 3 if currency in THOUSANDTHS else 2


def minor(amount: Money) -> int:
    """In the smallest unit that Stripe counts in. ValueError for what it cannot say."""
    counted = amount.amount.scaleb(_exponent(amount.currency))
    if counted != counted.to_integral_value():
        raise ValueError(f"{amount.amount} {amount.currency} has no whole number of units")
    return int(counted)


def money(counted: int, currency: str) -> Money:
    """What Stripe's number means."""
    code = currency.upper()
    return Money(Decimal(counted).scaleb(-_exponent(code)), code)


def known_as(key: str) -> dict[str, str]:
    """What a payment carries there: its key, and whose it is, as several shops may share an account."""
    return {"payment": key, "shop": _shop()}


def _shop() -> str:
    return urlsplit(settings.SITE_URL).netloc


def _is_foreign(said: Any) -> bool:
    """What was begun at the provider's desk, or names no shop, may be money that we have lost."""
    return (said.get("metadata") or {}).get("shop", _shop()) != _shop()


def intent_word(intent: Any) -> GatewayResult:
    """How a PaymentIntent stands. One that waits for another card after an error was declined."""
    status, failure = STATES.get(intent["status"], "pending"), intent.get("last_payment_error")
    is_declined = intent["status"] == "requires_payment_method" and failure is not None
    action = intent.get("next_action") or {}
    taken = intent["amount_received"] if status == "succeeded" else intent["amount"]
    return GatewayResult(
        reference=intent["id"],
        status="declined" if is_declined else status,
        reason=(failure.get("message") or "") if is_declined else "",
        redirect_url=action["redirect_to_url"]["url"] if action.get("type") == "redirect_to_url" else "",
        amount=money(taken, intent["currency"]),
        key=(intent.get("metadata") or {}).get("payment", ""),
        is_foreign=_is_foreign(intent),
    )


def session_word(session: Any) -> GatewayResult:
    """How a Checkout session stands. While it is open the buyer may try cards, and none of it counts."""
    intent = session.get("payment_intent")
    found = intent_word(intent) if isinstance(intent, dict) else None
    is_free = session.get("payment_status") == "no_payment_required"  # and so it makes no intent
    status = found.status if found else "succeeded" if is_free else "open"
    if session["status"] == "expired" and status in {"open", "declined"}:
        status = "withdrawn"
    elif session["status"] == "open":
        status = "open"
    return GatewayResult(
        reference=session["id"],
        status=status,
        reason=found.reason if found else "",
        redirect_url=(session.get("url") or "") if status == "open" else "",
        amount=found.amount if found else money(session["amount_total"], session["currency"]),
        key=(session.get("metadata") or {}).get("payment", ""),
        also_known_as=found.reference if found else intent or "",
        is_foreign=_is_foreign(session),
    )


def refund_word(refund: Any) -> RefundResult:
    """How a refund stands."""
    known = {"succeeded": "succeeded", "failed": "failed", "canceled": "failed"}
    return RefundResult(
        reference=refund["id"],
        status=known.get(refund["status"], "pending"),
        amount=money(refund["amount"], refund["currency"]),
        reason=refund.get("failure_reason") or "",
        key=(refund.get("metadata") or {}).get("refund", ""),
    )


# --- Webhooks --------------------------------------------------------------------------------------------


def words_of(body: bytes, signature: str) -> list[Word]:
    """What a webhook says; nothing for events that do not concern us. BadSignature."""
    check(body, signature)
    event = json.loads(body)
    kind, said = event["type"], event["data"]["object"]
    read = READERS.get(kind)
    return read(said, _doubt(event)) if read else []


def check(body: bytes, header: str) -> None:
    """Signed by us both over the very bytes, and within five minutes of now, to either side. BadSignature."""
    parts = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _is, value in parts if name == "t"]
    given = [value.encode("utf-8", "replace") for name, _is, value in parts if name == "v1"]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdigit() and len(times[0]) < 13):
        raise BadSignature("no time")
    signed = times[0].encode() + b"." + body
    wanted = [
        hmac.new(secret.encode(), signed, "sha256").hexdigest().encode()
        for secret in settings.STRIPE_WEBHOOK_SECRETS
    ]
    if not any(hmac.compare_digest(one, other) for one in wanted for other in given):
        raise BadSignature("not signed by the provider")
    if abs(time.time() - int(times[0])) > TOLERANCE:
        raise BadSignature("from another time")


def _doubt(event: Any) -> str:
    """Signed, but of another account, or of play money where real money is taken."""
    if event.get("account", settings.STRIPE_ACCOUNT or None) != (settings.STRIPE_ACCOUNT or None):
        return f"account {event['account']}"
    is_live = settings.STRIPE_SECRET_KEY.startswith(("sk_live_", "rk_live_"))
    return "" if event["livemode"] == is_live else "livemode" if event["livemode"] else "test mode"


def _of_intent(intent: Any, doubt: str) -> list[Word]:
    word = intent_word(intent)
    return [_event(word, doubt)]


def _of_session(session: Any, doubt: str) -> list[Word]:
    """Completed: paid, or on its way. The PaymentIntent's own events say the same of the same payment."""
    word = session_word(session)
    paid = {"paid": "succeeded", "no_payment_required": "succeeded"}
    status = word.status if session["status"] == "expired" else paid.get(session["payment_status"], "pending")
    return [_event(word, doubt, "open" if session["status"] == "open" else status)]


def _of_failed_session(session: Any, doubt: str) -> list[Word]:
    return [_event(session_word(session), doubt, "declined")]


def _event(word: GatewayResult, doubt: str, status: str = "") -> PaymentEvent:
    assert word.amount is not None
    return PaymentEvent(
        gateway=CODE,
        reference=word.reference,
        status=status or word.status,
        amount=word.amount,
        key=word.key,
        reason=word.reason,
        doubt=doubt,
        also_known_as=word.also_known_as,
        is_foreign=word.is_foreign,
    )


def _of_refund(refund: Any, doubt: str) -> list[Word]:
    of = refund.get("payment_intent")
    return [] if doubt or not of else [RefundEvent(CODE, of, refund_word(refund))]


def _of_charge(charge: Any, doubt: str) -> list[Word]:
    """It tells a sum, no refunds: they are looked up."""
    of = charge.get("payment_intent")
    return [] if doubt or not of else [RefundEvent(CODE, of)]


READERS: dict[str, Callable[[Any, str], list[Word]]] = {
    **dict.fromkeys(
        (
            "payment_intent.succeeded",
            "payment_intent.processing",
            "payment_intent.payment_failed",
            "payment_intent.canceled",
            "payment_intent.amount_capturable_updated",
        ),
        _of_intent,
    ),
    **dict.fromkeys(
        (
            "checkout.session.completed",
            "checkout.session.expired",
            "checkout.session.async_payment_succeeded",
        ),
        _of_session,
    ),
    "checkout.session.async_payment_failed": _of_failed_session,
    **dict.fromkeys(
        ("refund.created", "refund.updated", "refund.failed", "charge.refund.updated"), _of_refund
    ),
    "charge.refunded": _of_charge,
}
