"""The first step: who gets it, where, and what is said at once of what their e-mail address changes."""

from collections.abc import Mapping
from copy import copy
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from accounts import addresses as book
from accounts.models import User
from checkout import cart as carts
from checkout import offers, queries, quote
from checkout.forms import AddressForm
from checkout.models import Cart
from checkout.quote import Quote
from checkout.views.page import onward, show_step, step
from shop import limits, markets

NEW = "new"  # an address that is not of the book


@step("address", keeps=True)
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
        return show_step(request, "address", found, shown, {"form": form, "chosen": chosen, **context})
    chosen, sent = request.POST.get("saved", NEW), request.POST.dict()
    if sent.get("action") == "email":
        context["chosen"] = chosen if chosen in saved else NEW
        form = AddressForm(initial=sent, **asks)
        return _with_email(request, found, shown, {"form": form, **context})
    if sent.get("action") == "country":  # that country's fields, with what is filled in so far
        form = AddressForm(initial=sent, **asks)
        tried = _going_to(form.land, found)
        return show_step(request, "address", tried, quote.of(tried), {"form": form, "chosen": NEW, **context})
    if chosen in saved:  # looked at like any other: countries and postcodes change
        kept = saved[chosen]
        number = found.vat_number if found.company == kept.parts["company"] else ""
        sent = {**kept.parts, "email": sent.get("email", ""), "vat_number": number or kept.vat_number}
    form = AddressForm(sent, **asks)
    if not form.is_valid():
        context["chosen"] = chosen if chosen in saved and not set(form.errors) - {"email"} else NEW
        return show_step(request, "address", found, shown, {"form": form, **context}, status=422)
    parts: dict[str, Any] = {"email": own, **form.cleaned_data}
    if parts.pop("keep", False) and user:
        _keep(request, user, parts)
    carts.set_address(found, **parts)
    if shown.offers.hang_on_customer:
        now = quote.of(found)
        for text in _withdrawn(shown, now):
            messages.warning(request, text)
    return onward(request, found, "delivery")


def _with_email(request: HttpRequest, found: Cart, shown: Quote, context: dict[str, Any]) -> HttpResponse:
    """The step as it would be with that address, which is not kept before the form is sent."""
    land = context["form"].land if context["chosen"] == NEW else found.country
    tried, email = _going_to(land, found), request.POST.get("email", "").strip()
    try:
        validate_email(email)
    except ValidationError:
        return show_step(request, "address", found, shown, context)
    # Who asks for many addresses wants to know who has bought here; the form itself is not so quick.
    if limits.exceeded(request, "email", limit=20):
        return show_step(request, "address", found, shown, context)
    tried.email = email
    now = quote.of(tried)
    return show_step(request, "address", tried, now, {"told": _withdrawn(shown, now), **context})


def _going_to(country: str, found: Cart) -> Cart:
    """The cart as it would be with an address in that country, of which nothing else is known yet."""
    tried = copy(found)
    if country != found.country:
        tried.country, tried.region, tried.postcode, tried.vat_number = country, "", "", ""
    return tried


def _withdrawn(before: Quote, now: Quote) -> list[str]:
    """What this customer does not get after all, each with what it comes to now."""
    text = _("%(why)s The total is %(total)s now.")
    told = offers.withdrawn(before.offers, now.offers)
    return [text % {"why": why, "total": now.totals.total} for why in told]


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
