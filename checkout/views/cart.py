"""The cart's page, what adds to it, and what changes it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from catalog import delivery
from catalog.models import Product
from catalog.queries import companions
from checkout import cart as carts
from checkout import queries, quote, reopening
from checkout.forms import AddForm, QuantityField, VoucherForm
from checkout.models import Cart
from checkout.views.page import page
from orders import links
from shop import markets, places
from shop.edge.pages import private_page
from shop.jinja import words


@private_page
@require_safe
def cart(request: HttpRequest) -> HttpResponse:
    """What is in it, what of that cannot be had, and what it comes to with delivery and tax."""
    return show(request, carts.open(request), VoucherForm())


def show(request: HttpRequest, found: Cart | None, code_form: VoucherForm, status: int = 200) -> HttpResponse:
    """The cart's page, with what became of a voucher's code."""
    shown = quote.of(found) if found else None
    carts.show_size(request, found)
    market = markets.get(found.market) if found else markets.current()
    if not shown or not shown.lines:
        _tell_waiting(request)
        return page(request, "cart", {"cart": shown, "companions": []})
    beside = companions.of(market, {line.product_id for line in shown.lines})
    # The days are those of the way that the sum counts: to the cart's own country, once it has one.
    country = places.country_name(found.country) if found and found.country else ""
    free_in = ""
    if shown.free_delivery_gap:  # as said of that country, or of the one that the estimate is for
        free_in = country or delivery.free(market).free_in
    context = {
        "cart": shown,
        "country": country,
        "free_in": free_in,
        "companions": beside,
        "code_form": code_form,
    }
    return page(request, "cart", context, status=status)


@private_page
@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """From a product page, which is the same for everyone and shows no message: the cart tells."""
    form = AddForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(str(text) for texts in form.errors.values() for text in texts))
        return redirect("checkout:cart")
    wanted, variant_id = form.cleaned_data["product"], form.cleaned_data["variant"]
    product = queries.product(wanted, variant_id)
    if product is None:
        messages.error(request, _("That is no longer for sale."))
        return redirect("checkout:cart")
    name = format_html('<a href="{}">{}</a>', _product_url(request, product), product.name)
    meant = queries.meant(product, variant_id, request.POST.dict())
    if len(meant) != 1:
        missing, unclear = (
            _("{name} is not made in that combination."),
            _("Please choose which {name} you would like."),
        )
        messages.error(request, format_html(unclear if meant else missing, name=name))
        return redirect("checkout:cart")
    found = carts.open_or_create(request)
    try:
        change = carts.add(found, meant[0], form.cleaned_data["quantity"])
    except carts.SoldOut:
        _tell_sold_out(request, meant[0], name)
    except carts.NotForSale:
        messages.error(request, format_html(_("{name} is not for sale here."), name=name))
    except carts.CartClosed:
        messages.error(request, _("That cart has just become an order. Please add it again."))
    else:
        if change.is_less:
            text = _("Only {left} of {name} are left, and {quantity} are in your cart.")
            told = format_html(text, left=change.left, name=name, quantity=change.quantity)
            messages.warning(request, told)
        else:
            messages.success(request, format_html(_("{name} is in your cart."), name=product.name))
        _tell_market(request, found)
    carts.show_size(request, found)
    return redirect("checkout:cart")


def _tell_sold_out(request: HttpRequest, variant_id: int, name: Any) -> None:
    """Unless the visitor's own order holds the last ones: then where to pay for it, or change it."""
    own = reopening.holding(request, variant_id)
    if own is None:
        messages.error(request, format_html(_("{name} is sold out in that choice."), name=name))
        return
    text = _('{name} is kept for you, in your order <a href="{url}">{number}</a>, which is not paid yet.')
    messages.warning(request, format_html(text, name=name, url=links.path(own), number=own.number))


def _tell_waiting(request: HttpRequest) -> None:
    """Who comes back from a payment that failed finds no cart any more: it is an order."""
    own = reopening.waiting(request)
    if own is None or own.reserved_until is None:
        return
    text = _('<a href="{url}">Order {number}</a> waits for its payment until {until}.')
    until = words.moment(own.reserved_until)
    messages.warning(request, format_html(text, url=links.path(own), number=own.number, until=until))


def _product_url(request: HttpRequest, product: Product) -> str:
    """The way back to the product with what was chosen there."""
    fixed = {"product", "variant", "quantity", "csrfmiddlewaretoken"}
    chosen = {name: str(value) for name, value in request.POST.items() if name not in fixed}
    path = reverse("catalog:product", args=[product.slug])
    return f"{path}?{urlencode(chosen)}" if chosen and len(chosen) <= 10 else path


def _tell_market(request: HttpRequest, found: Cart) -> None:
    if found.market != markets.current().code:
        text = _("Your cart was begun in %(currency)s, so this is priced in it too.")
        messages.info(request, text % {"currency": markets.get(found.market).currency})


@private_page
@require_POST
def change(request: HttpRequest) -> HttpResponse:
    """Quantities, and what is taken out; "checkout" saves the same edits and goes on."""
    found = carts.open(request)
    if found is None:
        return redirect("checkout:cart")
    try:
        is_clean = _save_quantities(request, found)
    except carts.CartClosed:
        messages.info(request, _("That cart has just become an order."))
        return redirect("checkout:cart")
    carts.show_size(request, found)
    goes_on = is_clean and request.POST.get("action") == "checkout" and "remove" not in request.POST
    return redirect("checkout:start" if goes_on else "checkout:cart")


def _save_quantities(request: HttpRequest, found: Cart) -> bool:
    """Change what differs from the cart; False if something could not be as wished, which messages tell."""
    quantity_field, is_clean = QuantityField(least=0), True
    removed = request.POST.get("remove", "")
    for line in found.lines.select_related("variant__product"):
        name = line.variant.product.name
        if removed == str(line.pk):
            carts.remove(found, line.pk)
            messages.success(request, _("%(name)s is no longer in your cart.") % {"name": name})
            continue
        posted = request.POST.get(f"quantity-{line.pk}")
        if posted is None or posted == str(line.quantity):
            continue
        try:
            wanted = quantity_field.clean(posted)
        except ValidationError as error:
            is_clean = False
            messages.error(request, f"{name}: {' '.join(error.messages)}")
            continue
        became = carts.change(found, line.pk, wanted)
        if became and became.is_less:
            is_clean = False
            text = (
                _("Only %(left)d of %(name)s are left: they are all in your cart.")
                if became.left
                else _("%(name)s is sold out.")
            )
            messages.warning(request, text % {"left": became.left, "name": name})
        elif wanted == 0:
            messages.success(request, _("%(name)s is no longer in your cart.") % {"name": name})
    return is_clean
