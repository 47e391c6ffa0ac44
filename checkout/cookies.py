"""What the browser keeps of a cart: an unguessable token, and a number that anybody may read.

`cart` is HttpOnly; the row knows only its SHA-256. `cart_size` paints the badge on pages that are the same
for everyone. Whoever changes a cart notes it on the request, and CartCookies writes it on the way out: so it
works from a login as well, whose view knows nothing of carts.
"""

import hashlib
import secrets
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

TOKEN, SIZE = "cart", "cart_size"
KEPT_SECONDS = 90 * 86_400


def new_token() -> str:
    """128 bits, safe in a cookie."""
    return secrets.token_urlsafe(16)


def hashed(token: str) -> str:
    """What the row keeps of a token; a client may send anything, lone surrogates included."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def remember(request: HttpRequest, token: str | None, size: int) -> None:
    """Let the answer carry the cart's token (None: as the browser has it) and its size."""
    held = getattr(request, "cart_cookies", {})
    request.cart_cookies = {**held, SIZE: str(size) if size else None}  # type: ignore[attr-defined]
    if token is not None:
        request.cart_cookies[TOKEN] = token  # type: ignore[attr-defined]


def forget(request: HttpRequest) -> None:
    """Let the answer take both cookies away."""
    request.cart_cookies = {TOKEN: None, SIZE: None}  # type: ignore[attr-defined]


class CartCookies:
    """Writes what `remember` and `forget` noted; touches no other answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        for name, value in getattr(request, "cart_cookies", {}).items():
            if value is not None:
                response.set_cookie(
                    name,
                    value,
                    max_age=KEPT_SECONDS,
                    secure=settings.HTTPS,
                    httponly=name == TOKEN,
                    samesite="Lax",
                )
            elif name in request.COOKIES:
                response.delete_cookie(name, samesite="Lax")
        return response
