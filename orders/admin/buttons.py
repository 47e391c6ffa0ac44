"""What can be done with an order from its page: each button, who may press it, and when it is there."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders import progress, shipments, states
from orders.admin.giving import offers_refund
from orders.admin.refunds import is_owed, refundable
from orders.models import Order

Status = Order.Status


@dataclass(frozen=True)
class Button:
    """One of them. page: the name of the URL that it leads to, which asks; without it, it does as it says."""

    name: str
    label: Any
    permission: str
    is_offered: Callable[[Order], Any]
    page: str = ""
    is_bad: bool = False


def _moves(to: str) -> Callable[[Order], bool]:
    return lambda order: states.can_move(order, to)


BUTTONS = (
    Button(
        "_ship", gettext_lazy("Ship …"), "ship_order", lambda order: order.status in shipments.TO_SHIP, "ship"
    ),
    Button("_deliver", gettext_lazy("Mark as delivered"), "ship_order", _moves(Status.DELIVERED)),
    Button(
        "_capture",
        gettext_lazy("Take the money"),
        "charge_order",
        lambda order: order.status == Status.AUTHORIZED,
    ),
    Button(
        "_return",
        gettext_lazy("Take goods back …"),
        "refund_order",
        lambda order: order.status in progress.SENT and bool(progress.of(order).out),
        "return",
    ),
    Button("_pay_back", gettext_lazy("Refund …"), "refund_order", offers_refund, "refund"),
    Button("_refund", gettext_lazy("Send the money back"), "refund_order", lambda order: owed(order)),
    Button("_refunded", gettext_lazy("Mark as refunded"), "refund_order", is_owed),
    Button("_links", gettext_lazy("Make old links void …"), "change_order", lambda order: True, "links"),
    Button(
        "_give_up",
        gettext_lazy("Give up the rest …"),
        "cancel_order",
        lambda order: order.status == Status.PART_SHIPPED,
        "give_up",
        is_bad=True,
    ),
    Button(
        "_cancel",
        gettext_lazy("Cancel the order …"),
        "cancel_order",
        _moves(Status.CANCELLED),
        "cancel",
        is_bad=True,
    ),
)


def owed(order: Order) -> Any:
    """What the gateway can send back of a cancelled order."""
    return refundable(order) if is_owed(order) else None


def offered(request: HttpRequest, order: Order | None) -> Iterator[dict[str, Any]]:
    """Those that this person may press on this order."""
    for button in BUTTONS:
        if order is None or not request.user.has_perm(f"orders.{button.permission}"):
            continue
        if there := button.is_offered(order):
            label = str(button.label)
            if button.name == "_refund":
                label = _("Send the money back (%s)") % there
            yield {"name": button.name, "label": label, "is_bad": button.is_bad}


def pressed(request: HttpRequest) -> Button | None:
    """The one that sent the form."""
    return next((button for button in BUTTONS if button.name in request.POST), None)
