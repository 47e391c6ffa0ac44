"""The browser vouches for a form; tokens are the last resort.

A page that is cached for everyone cannot carry a token. Browsers say where a request comes from:
Sec-Fetch-Site, else Origin (the rule of Go 1.25's CrossOriginProtection). Only a client that says neither
must show a token.
"""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.translation import gettext as _

SAFE_METHODS = {"GET", "HEAD", "OPTIONS", "TRACE"}


class BrowserVouches(CsrfViewMiddleware):
    """CsrfViewMiddleware, asked only when the browser said nothing."""

    def process_view(
        self, request: HttpRequest, callback: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        if request.method in SAFE_METHODS or getattr(callback, "csrf_exempt", False):
            return None
        site = request.headers.get("Sec-Fetch-Site")
        if site is not None:
            if site in {"same-origin", "none"}:
                return None
            return self._reject(request, _("This form was sent from another site."))
        origin = request.headers.get("Origin")
        if origin is not None:
            if self._origin_verified(request):
                return None
            return self._reject(request, _("This form was sent from another site."))
        return super().process_view(request, callback, args, kwargs)
