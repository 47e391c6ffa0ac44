"""Stripe: the card's fields on the review page, or its own page where there is no JavaScript.

A payment is a PaymentIntent ("pi_…") that is created first and confirmed after, each by its own key: whoever
asks again, from another tab or after a lost answer, meets the same one, and it can be paid once. Without
JavaScript it is a Checkout session ("cs_…"), which makes its PaymentIntent when it is paid.
"""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from orders.gateways import (
    Choice,
    Embedded,
    GatewayResult,
    PaymentEvent,
    RefundEvent,
    RefundResult,
    Refused,
)
from orders.gateways.stripe_api import all_of, api, ask
from orders.gateways.stripe_words import intent_word, known_as, minor, refund_word, session_word, words_of
from shop.money import Money

HOSTED, CARD = "hosted", "card"
ENDED = frozenset({"succeeded", "canceled"})


class StripeGateway:
    """Speaks to the API that settings name, with their keys."""

    code = "stripe"

    @property
    def api(self) -> Any:
        return api()

    def is_set_up(self) -> bool:
        return bool(settings.STRIPE_SECRET_KEY and settings.STRIPE_WEBHOOK_SECRETS)

    def choices(self) -> list[Choice]:
        return [
            Choice(HOSTED, _("Card, or another way"), _("You choose and pay on the next page, at Stripe."))
        ]

    def knows(self, choice: str) -> bool:
        return choice in {HOSTED, CARD}

    def embedded(self, amount: Money) -> Embedded | None:
        script, api = map(_origin, (settings.STRIPE_JS, settings.STRIPE_API_BASE))
        family = ("https://*.js.stripe.com",) if script == "https://js.stripe.com" else ()
        return Embedded(
            choice=CARD,
            script=settings.STRIPE_JS,
            key=settings.STRIPE_PUBLISHABLE_KEY,
            minor=minor(amount),
            currency=amount.currency.lower(),
            capture=settings.STRIPE_CAPTURE,
            account=settings.STRIPE_ACCOUNT,
            origins={
                "script-src": (script, *family),
                "frame-src": (script, *family, "https://hooks.stripe.com"),
                "connect-src": (api,),
                "img-src": ("https://*.stripe.com",),
                # A form's answer leads on to Stripe, and from there to whatever bank it is.
                "form-action": ("https:", *((api,) if api.startswith("http:") else ())),
            },
        )

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
        if choice == HOSTED:
            return self._session(key, amount, description, return_url, email)
        intent = ask(
            self.api.payment_intents.create,
            {
                "amount": minor(amount),
                "currency": amount.currency.lower(),
                "capture_method": settings.STRIPE_CAPTURE,
                "automatic_payment_methods": {"enabled": True},
                "description": description,
                "metadata": known_as(key),
            },
            key,
        )
        # What was answered may be a day old: the same key gives the same answer.
        reference = intent["id"]
        if not token:
            return self.fetch(reference)
        digest = hashlib.sha256(token.encode()).hexdigest()[:16]
        wanted = {"confirmation_token": token, "return_url": return_url}
        try:
            confirmed = ask(
                lambda params, options: self.api.payment_intents.confirm(reference, params, options),
                wanted,
                f"{key}-confirm-{digest}",
            )
        except Refused as refused:
            now = self.fetch(reference)
            # A declined card, or somebody else's click was faster: the payment itself knows.
            return (
                now
                if now.status != "open"
                else GatewayResult(reference, "declined", str(refused), amount=amount, key=key)
            )
        return intent_word(confirmed)

    def _session(
        self, key: str, amount: Money, description: str, return_url: str, email: str
    ) -> GatewayResult:
        line = {
            "price_data": {
                "currency": amount.currency.lower(),
                "unit_amount": minor(amount),
                "product_data": {"name": description},
            },
            "quantity": 1,
        }
        known = known_as(key)
        session = ask(
            self.api.checkout.sessions.create,
            {
                "mode": "payment",
                "line_items": [line],
                "customer_email": email,
                "success_url": return_url,
                "cancel_url": return_url,
                "client_reference_id": key,
                "metadata": known,
                "payment_intent_data": {
                    "capture_method": settings.STRIPE_CAPTURE,
                    "description": description,
                    "metadata": known,
                },
                "locale": (get_language() or "auto").partition("-")[0],
            },
            f"{key}-hosted",
        )
        return self.fetch(session["id"])

    def fetch(self, reference: str) -> GatewayResult:
        if reference.startswith("cs_"):
            return session_word(self._known_session(reference))
        return intent_word(ask(self.api.payment_intents.retrieve, reference))

    def capture(self, reference: str, *, key: str) -> GatewayResult:
        intent = self._intent(reference)
        if intent["status"] != "requires_capture":
            return self._after(reference, intent)
        taken = ask(
            lambda params, options: self.api.payment_intents.capture(intent["id"], params, options),
            {},
            f"{key}-capture",
        )
        return self._after(reference, taken)

    def withdraw(self, reference: str, *, key: str) -> GatewayResult:
        """A session first: nobody can pay it then, but who was faster has made a PaymentIntent."""
        if reference.startswith("cs_"):
            session = self._known_session(reference)
            if session["status"] == "open":
                try:
                    ask(
                        lambda params, options: self.api.checkout.sessions.expire(reference, params, options),
                        {},
                        f"{key}-expire",
                    )
                except Refused:  # it was completed meanwhile
                    return self.fetch(reference)
            if not _intent_of(session):
                return self.fetch(reference)
        intent = self._intent(reference)
        if intent["status"] in {*ENDED, "processing"}:
            return self._after(reference, intent)
        try:
            ended = ask(
                lambda params, options: self.api.payment_intents.cancel(intent["id"], params, options),
                {"cancellation_reason": "abandoned"},
                f"{key}-cancel",
            )
        except Refused:
            return self.fetch(reference)
        return self._after(reference, ended)

    def refund(self, reference: str, *, key: str, amount: Money) -> RefundResult:
        # Keys are forgotten after a day, what was sent back is not.
        for done in self.refunds(reference):
            if done.key == key:
                return done
        wanted = {
            "payment_intent": self._intent(reference)["id"],
            "amount": minor(amount),
            "metadata": {"refund": key},
        }
        return refund_word(ask(self.api.refunds.create, wanted, key))

    def refunds(self, reference: str) -> list[RefundResult]:
        intent = _intent_of(self._known_session(reference)) if reference.startswith("cs_") else reference
        if not intent:
            return []
        return [refund_word(one) for one in all_of(self.api.refunds, {"payment_intent": intent})]

    def refunded(self, since: datetime) -> Iterator[RefundEvent]:
        begun = {"created": {"gte": int(since.timestamp())}}
        said = all_of(self.api.refunds, begun)
        return (
            RefundEvent(self.code, one["payment_intent"], refund_word(one))
            for one in said
            if one["payment_intent"]
        )

    def recent(self, since: datetime) -> Iterator[GatewayResult]:
        begun = {"created": {"gte": int(since.timestamp())}}
        return (intent_word(intent) for intent in all_of(self.api.payment_intents, begun))

    def read(self, body: bytes, headers: Mapping[str, str]) -> list[PaymentEvent | RefundEvent]:
        return words_of(body, headers.get("Stripe-Signature", ""))

    # --- How it is asked -------------------------------------------------------------------------------

    def _known_session(self, reference: str) -> Any:
        return ask(
            lambda params, options: self.api.checkout.sessions.retrieve(reference, params, options),
            {"expand": ["payment_intent"]},
        )

    def _intent(self, reference: str) -> Any:
        """The PaymentIntent behind either kind of reference; Refused if there is none."""
        if not reference.startswith("cs_"):
            return ask(self.api.payment_intents.retrieve, reference)
        session = self._known_session(reference)
        if not session.get("payment_intent"):
            raise Refused(f"{reference} was not paid")
        return session["payment_intent"]

    def _after(self, reference: str, intent: Any) -> GatewayResult:
        """Of a session, its own word: the reference stays the one we know."""
        return self.fetch(reference) if reference.startswith("cs_") else intent_word(intent)


def _origin(address: str) -> str:
    return "{0.scheme}://{0.netloc}".format(urlsplit(address))


def _intent_of(session: Any) -> str:
    found = session.get("payment_intent")
    return "" if not found else found if isinstance(found, str) else str(found["id"])


gateway = StripeGateway()
