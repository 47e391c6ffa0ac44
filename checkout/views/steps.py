"""The steps from the cart to the order, and the button at their end."""

from functools import partial

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.queries import address_lines
from accounts.views.entry import GUEST_EMAIL
from catalog.stock import OutOfStock
from checkout import agreed, completion, cookies, outlook, queries, quote, steps, vouchers
from checkout import cart as carts
from checkout.agreed import Agreed
from checkout.forms import DeliveryForm, VoucherForm
from checkout.models import Cart
from checkout.outlook import Outlook
from checkout.quote import Quote
from checkout.views.page import onward, show_step, step
from orders import attempts, gateways, links
from orders.forms import PaymentForm
from orders.models import Order
from orders.placement import PLACED_ORDER, Placed
from orders.views import begin_payment
from shop import policy
from shop.edge.pages import private_page


@private_page
@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """To the first step that is not done."""
    found = carts.open(request)
    shown = quote.of(found) if found else None
    if found is None or shown is None or not shown.lines or shown.problems:
        return redirect("checkout:cart")
    return redirect(steps.first_incomplete(found, shown).url)


@step("delivery")
def delivery(request: HttpRequest, found: Cart, shown: Quote) -> HttpResponse:
    """How it comes; the first one stands chosen."""
    selected = found.method_id or (shown.methods[0].id if shown.methods else None)
    methods = [
        {
            "id": method.id,
            "name": method.name,
            "carrier": method.carrier,
            "price": method.price,
            "earliest": method.earliest,
            "latest": method.latest,
            "is_selected": method.id == selected,
        }
        for method in shown.methods
    ]
    choices = [(method.id, method.name) for method in shown.methods]
    form = DeliveryForm(request.POST if request.method == "POST" else None, methods=choices)
    if request.method == "POST" and form.is_valid():
        carts.set_method(found, form.cleaned_data["method"])
        return onward(request, found, "review")
    status = 422 if request.method == "POST" else 200
    return show_step(request, "delivery", found, shown, {"form": form, "methods": methods}, status=status)


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HttpRequest) -> HttpResponseBase:
    """All of it once more, and the button that orders. The same form sent twice leads to the same order."""
    return _place(request) if request.method == "POST" else _review(request)


@step("review")
def _review(
    request: HttpRequest, found: Cart, shown: Quote, code_form: VoucherForm | None = None
) -> HttpResponse:
    form = PaymentForm(request.POST if "digest" in request.POST else None)
    # What costs nothing needs no card: fields for 0.00 would not open, and nobody could order.
    fields = gateways.get().embedded(shown.totals.total) if shown.totals.total else None
    context = {
        "embedded": fields,
        "code_form": code_form or VoucherForm(),
        "form": form,
        "digest": agreed.seal(found, shown),
        "payment_choices": form.ways,
        "address_lines": [
            *address_lines(found, found.vat_number),
            *filter(None, (found.email, found.phone)),
        ],
        "method": shown.method,
    }
    status = 422 if form.is_bound or code_form else 200
    response = show_step(request, "review", found, shown, context, status=status)
    response["Content-Security-Policy"] = policy.strict(fields.origins if fields else {})
    return response


def review_with(request: HttpRequest, code_form: VoucherForm) -> HttpResponseBase:
    """The review, with what is wrong with a voucher's code."""
    return _review(request, code_form=code_form)


def _place(request: HttpRequest) -> HttpResponseBase:
    then = None
    try:
        then = agreed.unseal(request.POST.get("digest", ""))
        look = outlook.of(then.placement_key)
        if look.is_short and not look.is_placed:
            raise completion.CannotBeBought
        form = PaymentForm(request.POST)
        placed = _order(request, then, form, look)
        if placed is None:
            return _review(request)
    except (agreed.Forged, completion.CartChanged):
        messages.warning(request, _changed(request, then))
        return redirect("checkout:review")
    except vouchers.NotTheFirst:
        text = _("You have ordered here meanwhile, so this is no first order any more. Nothing was ordered.")
        messages.warning(request, text)
        return redirect("checkout:review")
    except vouchers.UsedUp as error:
        text = _("The voucher %(code)s has been used up meanwhile. Nothing has been ordered.")
        messages.warning(request, text % {"code": error})
        return redirect("checkout:review")
    except OutOfStock:
        messages.error(
            request, _("Somebody was faster: not everything is there any more. Nothing has been ordered.")
        )
        return redirect("checkout:cart")
    except completion.CannotBeBought:
        text = _("Not everything in your cart can be bought as it stands. This click has ordered nothing.")
        messages.error(request, text)
        return redirect("checkout:cart")
    except (completion.NotReady, carts.CartClosed):
        return redirect("checkout:start")
    if not form.is_valid():
        return redirect(links.path(placed.order))
    return begin_payment(request, placed.order, form, attempt=placed.attempt or 1)


def _changed(request: HttpRequest, then: Agreed | None) -> str:
    """That something has changed since the buyer looked, and what."""
    text = _("Something has changed since you looked. Please look once more before you order.")
    found = carts.open(request)
    if then is None or found is None:
        return text
    told = agreed.differences(then, agreed.seen(found, quote.of(found)))
    items = format_html_join("", "<li>{}</li>", ((line,) for line in told))
    return format_html('{}<ul class="message__list">{}</ul>', text, items) if told else text


def _order(request: HttpRequest, then: Agreed, form: PaymentForm, look: Outlook) -> Placed | None:
    """What the form has become, or becomes now; None if it does not say how to pay."""
    if look.is_placed:
        return _placed(request, then, look)
    if not form.is_valid():
        return None
    is_theirs = look.cart is not None and carts.is_open_of(request, look.cart)
    found = look.cart if is_theirs else carts.open(request)
    if found is None or found.placement_key != then.placement_key:
        # Another click of the same form may have closed the cart since this one looked.
        return _placed(request, then, look)
    return _complete(request, found, then, form)


def _placed(request: HttpRequest, then: Agreed, look: Outlook) -> Placed:
    """What an earlier click has become; the same for a browser that has not got that one's answer."""
    order = queries.placed_order(then.placement_key)
    if order is None:
        raise completion.CartChanged
    if look.cart is not None and carts.is_of(request, look.cart):
        _hand_over(request, order)
    return Placed(order)


def _complete(request: HttpRequest, found: Cart, then: Agreed, form: PaymentForm) -> Placed:
    user = request.user if request.user.is_authenticated else None
    way = {"choice": form.cleaned_data["payment"], "token": form.cleaned_data["confirmation"]}
    placed = completion.complete(
        found,
        then.digest,
        customer_id=user.pk if user else None,
        pay=partial(attempts.first, **way),
    )
    _hand_over(request, placed.order)
    return placed


def _hand_over(request: HttpRequest, order: Order) -> None:
    """The browser has no cart any more, but an order."""
    cookies.forget(request)
    request.session[PLACED_ORDER] = order.pk
    if not request.user.is_authenticated:
        request.session[GUEST_EMAIL] = order.email
