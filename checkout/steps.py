"""The steps of the checkout as data, and where the buyer may be."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from checkout.models import Cart
from checkout.quote import Quote


@dataclass(frozen=True)
class Step:
    """One page: `is_done` says from cart and quote whether the buyer may go on."""

    code: str
    label: str | Promise
    is_done: Callable[[Cart, Quote], bool]

    @property
    def url(self) -> str:
        return reverse(f"checkout:{self.code}")


def _has_address(cart: Cart, quote: Quote) -> bool:
    return bool(cart.email and cart.name and cart.line1 and cart.country)  # not every country has towns


def _has_method(cart: Cart, quote: Quote) -> bool:
    """Chosen, and still one of those that go there."""
    return cart.method_id is not None and cart.method_id in {method.id for method in quote.methods}


STEPS = (
    Step("address", _("Address"), _has_address),
    Step("delivery", _("Delivery"), _has_method),
    Step("review", _("Review and pay"), lambda cart, quote: False),  # done is an order
)


def first_incomplete(cart: Cart, quote: Quote) -> Step:
    """The furthest step that the buyer may see."""
    return next(step for step in STEPS if not step.is_done(cart, quote))


def may_see(code: str, cart: Cart, quote: Quote) -> bool:
    """Whether the steps before that one are done."""
    codes = [step.code for step in STEPS]
    return codes.index(code) <= codes.index(first_incomplete(cart, quote).code)


def progress(code: str, cart: Cart, quote: Quote) -> list[dict[str, Any]]:
    """The steps as the page lists them, the current one marked."""
    return [
        {
            "code": step.code,
            "label": step.label,
            "url": step.url,
            "state": "current" if step.code == code else "done" if step.is_done(cart, quote) else "todo",
        }
        for step in STEPS
    ]
