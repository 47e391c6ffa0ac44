"""Who guesses at a password is slowed down, and whose it is stays able to log in: docs/decisions/0011.

Failures count against the account, wherever they come from. A browser that has logged in to it before carries
a signed cookie that says so, and its failures are counted apart from those of strangers.
"""

import secrets

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest, HttpResponseBase

from shop import limits

GROUP = "login"
COOKIE, KEPT_SECONDS = "known", 180 * 86_400


def are_many(request: HttpRequest, email: str) -> bool:
    """Whether this browser may not try that account now. Ask before any password is looked at."""
    return limits.is_spent(request, GROUP, _counter(request, email))


def failed(request: HttpRequest, email: str) -> None:
    """The password was wrong."""
    limits.count(request, GROUP, _counter(request, email))


def succeeded(request: HttpRequest, email: str) -> None:
    """Let the answer make this browser one that the account knows."""
    request.known_to = email  # type: ignore[attr-defined]


def remember(request: HttpRequest, response: HttpResponseBase) -> None:
    """Writes what `succeeded` noted; touches no other answer."""
    email = getattr(request, "known_to", None)
    if email is not None:
        response.set_cookie(
            COOKIE,
            _signer(email).sign(secrets.token_urlsafe(16)),
            max_age=KEPT_SECONDS,
            secure=settings.HTTPS,
            httponly=True,
            samesite="Lax",
        )


def _counter(request: HttpRequest, email: str) -> str:
    """The browser's own counter if the account knows it, else the one that all strangers share."""
    try:
        device = _signer(email).unsign(request.COOKIES.get(COOKIE, ""), max_age=KEPT_SECONDS)
    except BadSignature:
        return limits.of_account(email)
    return f"device:{device}"


def _signer(email: str) -> TimestampSigner:
    # Signed with the account's address, which so need not stand in it.
    return TimestampSigner(salt=f"shop.guesses\n{limits.of_account(email)}", sep=".")
