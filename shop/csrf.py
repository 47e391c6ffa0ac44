"""The browser vouches for a form; tokens are the last resort.

A page that is cached for everyone cannot carry a token. Browsers say where a request comes from:
Sec-Fetch-Site, else Origin (the rule of Go 1.25's CrossOriginProtection). Only a client that says neither
must show a token.
"""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseForbidden
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.translation import gettext as _

SAFE_METHODS = {"GET", "HEAD", "OPTIONS", "TRACE"}


class BrowserVouches(CsrfViewMiddleware):
    """CsrfViewMiddleware, asked only when the browser said nothing, and never about a public page."""

    def process_request(self, request: HttpRequest) -> None:
        """Nothing yet: CsrfViewMiddleware would answer a malformed cookie with a new one on any page."""

    def process_view(
        self, request: HttpRequest, callback: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponseForbidden | None:
        # A public page (shop.edge.pages, which stands above this module) is only read, and sets no cookie.
        if getattr(callback, "page_kind", None) == "public":
            return None
        super().process_request(request)
        if request.method in SAFE_METHODS or getattr(callback, "csrf_exempt", False):
            return None
        site = request.headers.get("Sec-Fetch-Site")
        if site is not None:
            if site in {"same-origin", "none"}:
                return None
            return self._refused(request)
        origin = request.headers.get("Origin")
        if origin is not None:
            if self._origin_verified(request):  # type: ignore[attr-defined]  # django-stubs lacks it
                return None
            return self._refused(request)
        return super().process_view(request, callback, args, kwargs)

    def _refused(self, request: HttpRequest) -> HttpResponseForbidden:
        reason = _("This form was sent from another site.")
        refusal: HttpResponseForbidden = self._reject(request, reason)  # type: ignore[attr-defined]  # as above
        return refusal
