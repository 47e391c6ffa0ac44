"""The steps from the cart to the order, and the button at their end."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import addresses as book
from accounts.models import User
from accounts.queries import address_lines
from accounts.views.entry import GUEST_EMAIL
from catalog.stock import OutOfStock
from checkout import agreed, completion, cookies, outlook, queries, quote, steps, vouchers
from checkout import cart as carts
from checkout.agreed import Agreed
from checkout.forms import AddressForm, DeliveryForm, VoucherForm
from checkout.models import Cart
from checkout.quote import Quote
from checkout.views.page import page
from orders import gateways, links
from orders.forms import PaymentForm
from orders.models import Order
from orders.placement import PLACED_ORDER
from orders.views import begin_payment
from shop import markets, policy
from shop.edge.pages import private_page

NEW = "new"  # an address that is not of the book

StepView = Callable[..., HttpResponse]  # request, cart, its quote


def _step(code: str) -> Callable[[StepView], Callable[..., HttpResponseBase]]:
    """A page of the checkout: only with a cart that can be bought, when the steps before are done."""

    def declare(view: StepView) -> Callable[..., HttpResponseBase]:
        @private_page
        @require_http_methods(["GET", "HEAD", "POST"])
        @wraps(view)
        def guarded(request: HttpRequest, **more: Any) -> HttpResponse:
            found = carts.open(request)
            shown = quote.of(found) if found else None
            if found is None or shown is None or not shown.lines or shown.problems:
                return redirect("checkout:cart")
            if not steps.may_see(code, found, shown):
                return redirect(steps.first_incomplete(found, shown).url)
            try:
                return view(request, found, shown, **more)
            except carts.CartClosed:
                return redirect("checkout:cart")

        return guarded

    return declare


def _show_step(
    request: HttpRequest, code: str, found: Cart, shown: Quote, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    listed = steps.progress(code, found, shown)
    return page(
        request, code, {"steps": listed, "cart": shown, "totals": shown.totals, **context}, status=status
    )


def _onward(request: HttpRequest, found: Cart, following: str) -> HttpResponse:
    """The step that the button named; an edit from the review leads back there, unless it asks for more."""
    if "review" in {request.GET.get("return"), request.GET.get("next")}:
        return redirect(steps.first_incomplete(found, quote.of(found)).url)
    return redirect(f"checkout:{following}")


@private_page
@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """To the first step that is not done."""
    found = carts.open(request)
    shown = quote.of(found) if found else None
    if found is None or shown is None or not shown.lines or shown.problems:
        return redirect("checkout:cart")
    return redirect(steps.first_incomplete(found, shown).url)


@_step("address")
def address(request: HttpRequest, found: Cart, shown: Quote) -> HttpResponse:
    """Who gets it, and where: one of the address book, or another one."""
    countries = queries.countries(markets.get(found.market))
    own, user = _own_email(request, found), request.user if request.user.is_authenticated else None
    saved = queries.saved_addresses(user, dict(countries)) if user else {}
    asks: dict[str, Any] = {"countries": countries, "asks_email": not own, "keeps": user is not None}
    context = {"own_email": own, "other_email_url": _asking_for_email(request), "saved": saved}
    if request.method != "POST":
        chosen = _chosen(found, saved)
        form = AddressForm(initial=_known(request, found, chosen), **asks)
        return _show_step(request, "address", found, shown, {"form": form, "chosen": chosen, **context})
    chosen, sent = request.POST.get("saved", NEW), request.POST.dict()
    if sent.get("action") == "country":  # that country's fields, with what is filled in so far
        form = AddressForm(initial=sent, **asks)
        return _show_step(request, "address", found, shown, {"form": form, "chosen": NEW, **context})
    if chosen in saved:  # looked at like any other: countries and postcodes change
        kept = saved[chosen]
        number = found.vat_number if found.company == kept.parts["company"] else ""
        sent = {**kept.parts, "email": sent.get("email", ""), "vat_number": number or kept.vat_number}
    form = AddressForm(sent, **asks)
    if not form.is_valid():
        context["chosen"] = chosen if chosen in saved and not set(form.errors) - {"email"} else NEW
        return _show_step(request, "address", found, shown, {"form": form, **context}, status=422)
    parts: dict[str, Any] = {"email": own, **form.cleaned_data}
    if parts.pop("keep", False) and user:
        _keep(request, user, parts)
    carts.set_address(found, **parts)
    return _onward(request, found, "delivery")


def _chosen(found: Cart, saved: Mapping[str, queries.SavedAddress]) -> str:
    """The address of the book that the cart has, or that is suggested; else NEW."""
    if not found.line1:
        return next(iter(saved), NEW)
    own = {part: getattr(found, part) for part in book.PARTS}
    return next((key for key, kept in saved.items() if kept.parts == own), NEW)


def _keep(request: HttpRequest, user: User, parts: dict[str, str]) -> None:
    try:
        book.keep(user, parts)
    except book.Full:
        messages.info(request, _("Your address book is full, so this address is for this order only."))


def _own_email(request: HttpRequest, found: Cart) -> str:
    """The account's address, which is not asked for; "" for a guest, and if another one is wanted here."""
    if not request.user.is_authenticated or request.GET.get("email") == "other":
        return ""
    own = request.user.email
    return own if found.email.lower() in {"", own.lower()} else ""


def _asking_for_email(request: HttpRequest) -> str:
    """This step, where the order's mails may go elsewhere."""
    query = request.GET.copy()
    query["email"] = "other"
    return f"?{query.urlencode()}"


def _known(request: HttpRequest, found: Cart, chosen: str) -> dict[str, str]:
    """What need not be asked again: the cart's address, else the account's last one."""
    country = markets.get(found.market).country
    if chosen != NEW:
        return {"country": country, "email": found.email}
    if found.line1:
        return {name: getattr(found, name) for name in ("email", "vat_number", *book.PARTS)}
    if not request.user.is_authenticated:
        return {"country": country, "email": found.email}
    return {"country": country, "email": request.user.email, **queries.known_address(request.user)}


@_step("delivery")
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
        return _onward(request, found, "review")
    status = 422 if request.method == "POST" else 200
    return _show_step(request, "delivery", found, shown, {"form": form, "methods": methods}, status=status)


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HttpRequest) -> HttpResponseBase:
    """All of it once more, and the button that orders. The same form sent twice leads to the same order."""
    return _place(request) if request.method == "POST" else _review(request)


@_step("review")
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
    response = _show_step(request, "review", found, shown, context, status=status)
    response["Content-Security-Policy"] = policy.strict(fields.origins if fields else {})
    return response


def review_with(request: HttpRequest, code_form: VoucherForm) -> HttpResponseBase:
    """The review, with what is wrong with a voucher's code."""
    return _review(request, code_form=code_form)


def _place(request: HttpRequest) -> HttpResponseBase:
    form = PaymentForm(request.POST)
    then = None
    try:
        then = agreed.unseal(request.POST.get("digest", ""))
        order = _order(request, then, form)
        if order is None:
            return _review(request)
    except (agreed.Forged, completion.CartChanged):
        messages.warning(request, _changed(request, then))
        return redirect("checkout:review")
    except vouchers.NotTheFirst:
        text = _("You have ordered here meanwhile, so this is no first order any more. Nothing was ordered.")
        messages.warning(request, text)
        return redirect("checkout:review")
    except vouchers.UsedUp as error:
        text = _("Somebody was faster: the voucher %(code)s is used up. Nothing has been ordered.")
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
        return redirect(links.path(order))
    return begin_payment(request, order, form, attempt=1)


def _changed(request: HttpRequest, then: Agreed | None) -> str:
    """That something has changed since the buyer looked, and what."""
    text = _("Something has changed since you looked. Please look once more before you order.")
    found = carts.open(request)
    if then is None or found is None:
        return text
    told = agreed.differences(then, agreed.seen(found, quote.of(found)))
    items = format_html_join("", "<li>{}</li>", ((line,) for line in told))
    return format_html('{}<ul class="message__list">{}</ul>', text, items) if told else text


def _order(request: HttpRequest, then: Agreed, form: PaymentForm) -> Order | None:
    """What the form has become, or becomes now; None if it does not say how to pay."""
    look = outlook.of(then.placement_key)
    if look.is_placed:
        return queries.placed_order(then.placement_key)
    if not form.is_valid():
        return None
    if look.is_short:
        raise completion.CannotBeBought
    return _complete(request, then)


def _complete(request: HttpRequest, then: Agreed) -> Order:
    found = carts.open(request)
    if found is None or found.placement_key != then.placement_key:
        # Another click of the same form may have closed the cart since this one looked.
        order = queries.placed_order(then.placement_key)
        if order is None:
            raise completion.CartChanged
        return order
    user = request.user if request.user.is_authenticated else None
    order = completion.complete(found, then.digest, customer_id=user.pk if user else None)
    cookies.forget(request)
    request.session[PLACED_ORDER] = order.pk
    if user is None:
        request.session[GUEST_EMAIL] = order.email
    return order
