"""An order once more, and an order that is not paid yet, changed: its things go into the cart."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from checkout import cart as carts
from checkout import reopening
from orders import links, payments
from orders.models import Order
from orders.queries import by_token
from shop import limits
from shop.edge.pages import private_page


@private_page
@require_POST
def again(request: HttpRequest) -> HttpResponse:
    """At today's prices, beside what is in the cart already. Whoever has the order's link may."""
    order = _order(request)
    if limits.exceeded(request, "again", limit=30):
        messages.error(request, _("Too many attempts. Please wait five minutes and try again."))
        return redirect("checkout:cart")
    found = carts.open_or_create(request)
    try:
        _put(request, found, order)
    except carts.CartClosed:
        messages.error(request, _("That cart has just become an order. Please add it again."))
    carts.show_size(request, found)
    return redirect("checkout:cart")


@private_page
@require_POST
def reopen(request: HttpRequest) -> HttpResponse:
    """An order that waits for its payment is withdrawn, and its cart can be changed again."""
    order = _order(request)
    try:
        is_back = reopening.reopen(request, order) is not None
    except payments.Underway:
        messages.info(request, _("This order can no longer be changed here: see below how it stands."))
        return redirect(links.path(order))
    if not is_back:
        found = carts.open_or_create(request)
        _put(request, found, order)
        carts.show_size(request, found)
    text = _("Order %(number)s is withdrawn, and nothing was charged: change what you like, and order anew.")
    messages.success(request, text % {"number": order.number})
    return redirect("checkout:cart")


def _order(request: HttpRequest) -> Order:
    """The one whose token the form has."""
    order = by_token(request.POST.get("order", ""))
    if order is None:
        raise Http404
    return order


def _put(request: HttpRequest, found: carts.Cart, order: Order) -> None:
    came, fewer, out, gone = list[str](), list[str](), list[str](), list[str]()
    for line in order.lines.all():
        name = f"{line.name} ({line.options})" if line.options else line.name
        try:
            change = carts.add(found, line.variant_id, line.quantity)
        except carts.SoldOut:
            out.append(name)
        except carts.NotForSale:
            gone.append(name)
        else:
            (fewer if change.is_less else came).append(name)
    for tell, text, names in (
        (messages.success, _("In your cart again: %(names)s."), came),
        (
            messages.warning,
            _("In your cart, but not as many as you had, since few are left: %(names)s."),
            fewer,
        ),
        (messages.warning, _("Sold out for now: %(names)s."), out),
        (messages.warning, _("No longer for sale here: %(names)s."), gone),
    ):
        if names:
            tell(request, text % {"names": ", ".join(names)})
