"""Signatures as the Standard Webhooks specification says: HMAC-SHA256 over id, moment and body, in base64."""

import base64
import binascii
import hashlib
import hmac
from datetime import datetime, timedelta

from orders.models import FeedEndpoint
from orders.models.feed import PREFIX, new_secret

BOTH_SIGN = timedelta(hours=24)


def headers(endpoint: FeedEndpoint, message_id: str, body: bytes, at: datetime) -> dict[str, str]:
    """What a receiver verifies by; two signatures while a former secret still counts."""
    moment = str(int(at.timestamp()))
    secrets = [endpoint.secret]
    if endpoint.former_secret and endpoint.former_until and endpoint.former_until > at:
        secrets.append(endpoint.former_secret)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": moment,
        "webhook-signature": " ".join(sign(secret, message_id, moment, body) for secret in secrets),
    }


def sign(secret: str, message_id: str, moment: str, body: bytes) -> str:
    """v1,<base64>."""
    signed = b".".join((message_id.encode(), moment.encode(), body))
    digest = hmac.new(_key(secret), signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def rotate(endpoint: FeedEndpoint, now: datetime) -> None:
    """A new secret; the one before signs beside it for a day."""
    endpoint.former_secret, endpoint.former_until = endpoint.secret, now + BOTH_SIGN
    endpoint.secret = new_secret()
    endpoint.save(update_fields=["secret", "former_secret", "former_until"])


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        return secret.encode()
