"""How the pages of cart and checkout are rendered, and what each step asks for before it is shown."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from checkout import cart as carts
from checkout import quote, steps
from checkout.models import Cart
from checkout.quote import Quote
from shop.edge.pages import private_page

StepView = Callable[..., HttpResponse]  # request, cart, its quote

TITLES = {
    "cart": gettext_lazy("Your cart"),
    "address": gettext_lazy("Where should it go?"),
    "delivery": gettext_lazy("How should it come?"),
    "review": gettext_lazy("Review and pay"),
}


def page(request: HttpRequest, name: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """The template of that name, with what is to be told."""
    request.page_title = TITLES[name]  # type: ignore[attr-defined]
    shown = {"messages": messages.get_messages(request), **context}
    return render(request, f"checkout/{name}.html", shown, status=status)


def step(code: str, *, keeps: bool = False) -> Callable[[StepView], Callable[..., HttpResponseBase]]:
    """A page of the checkout: only with a cart that can be bought, when the steps before are done.

    keeps: what is sent is taken whatever has become of the goods meanwhile; the next step leads to the cart.
    """

    def declare(view: StepView) -> Callable[..., HttpResponseBase]:
        @private_page
        @require_http_methods(["GET", "HEAD", "POST"])
        @wraps(view)
        def guarded(request: HttpRequest, **more: Any) -> HttpResponse:
            found = carts.open(request)
            shown = quote.of(found) if found else None
            if found is None or shown is None or not shown.lines:
                return redirect("checkout:cart")
            if shown.problems and not (keeps and request.method == "POST"):
                return redirect("checkout:cart")
            if not steps.may_see(code, found, shown):
                return redirect(steps.first_incomplete(found, shown).url)
            try:
                return view(request, found, shown, **more)
            except carts.CartClosed:
                return redirect("checkout:cart")

        return guarded

    return declare


def show_step(
    request: HttpRequest, code: str, found: Cart, shown: Quote, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    listed = steps.progress(code, found, shown)
    return page(
        request, code, {"steps": listed, "cart": shown, "totals": shown.totals, **context}, status=status
    )


def onward(request: HttpRequest, found: Cart, following: str) -> HttpResponse:
    """The step that the button named; an edit from the review leads back there, unless it asks for more."""
    if "review" in {request.GET.get("return"), request.GET.get("next")}:
        return redirect(steps.first_incomplete(found, quote.of(found)).url)
    return redirect(f"checkout:{following}")
