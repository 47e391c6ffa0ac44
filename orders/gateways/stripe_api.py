"""How Stripe is asked: once, within its time, by keys that make one wish of the same wish."""

import logging
import time
from collections.abc import Iterator
from functools import cache
from typing import Any

import stripe
from django.conf import settings

from orders.gateways import GatewayDown, Refused

logger = logging.getLogger(__name__)
# These are answers; after any other error (no connection, 5xx, too many, a wrong key) nothing is known.
REFUSALS = (stripe.CardError, stripe.InvalidRequestError, stripe.IdempotencyError)
PAUSES = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)  # seconds


@cache
def _client(key: str, account: str, base: str, timeout: float) -> stripe.StripeClient:
    """No retries of its own: begin() and the jobs repeat, with the same keys."""
    return stripe.StripeClient(
        key,
        stripe_account=account or None,
        base_addresses={"api": base},
        max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=timeout),
    )


def api() -> Any:
    """The resources of the account that settings name."""
    return _client(
        settings.STRIPE_SECRET_KEY,
        settings.STRIPE_ACCOUNT,
        settings.STRIPE_API_BASE,
        settings.PAYMENT_TIMEOUT_SECONDS,
    ).v1


def ask(call: Any, wanted: Any = None, key: str = "") -> Any:
    """Its answer as plain values; GatewayDown if there is none, Refused if it will not."""
    options = {"idempotency_key": key} if key else {}
    for pause in PAUSES:
        try:
            answer = call(wanted, options=options) if isinstance(wanted, dict) else call(wanted)
            return answer.to_dict()
        except stripe.StripeError as error:
            if error.http_status == 409:  # the same wish is being granted to another click just now
                time.sleep(pause)
                continue
            if isinstance(error, REFUSALS):
                raise Refused(error.user_message or str(error)) from error
            logger.warning("Stripe does not answer: %s", error)
            raise GatewayDown(str(error)) from error
    raise GatewayDown(f"{key} has been at work for long")


def all_of(resource: Any, wanted: dict[str, Any]) -> Iterator[Any]:
    """Every entry of a list, page by page."""
    after: dict[str, str] = {}
    while True:
        page = ask(resource.list, {**wanted, "limit": 100, **after})
        yield from page["data"]
        if not page["has_more"]:
            return
        after = {"starting_after": page["data"][-1]["id"]}
