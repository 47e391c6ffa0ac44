"""The address book."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import addresses as book
from accounts import queries
from accounts.models import Address, User
from accounts.postal import BookForm
from accounts.views.page import SLOWLY, owner, page
from shop import limits, markets
from shop.edge.pages import private_page

WRITES = 30  # in five minutes: more than anybody types


@private_page
@login_required
@require_safe
def addresses(request: HttpRequest) -> HttpResponse:
    """Where the account's owner has things sent to."""
    shown = [
        {
            "id": kept.pk,
            "is_default": kept.is_default,
            "lines": queries.address_lines(kept),
            "phone": kept.phone,
        }
        for kept in queries.addresses(owner(request))
    ]
    return page(request, "addresses", {"addresses": shown})


@private_page
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def address(request: HttpRequest, address_id: int | None = None) -> HttpResponse:
    """A new address, or one that is changed."""
    user = owner(request)
    kept = _kept(user, address_id) if address_id is not None else None
    form = BookForm(
        request.POST if request.method == "POST" else None,
        initial=_known(user, kept),
        countries=book.countries(),
    )
    if request.method != "POST":
        return page(request, "address", {"form": form, "is_new": kept is None})
    if request.POST.get("action") == "country":  # that country's fields, with what is filled in so far
        form = BookForm(initial=request.POST.dict(), countries=book.countries())
        return page(request, "address", {"form": form, "is_new": kept is None})
    if _too_often(request):
        form.add_error(None, SLOWLY)
        return page(request, "address", {"form": form, "is_new": kept is None}, status=429)
    if not form.is_valid():
        return page(request, "address", {"form": form, "is_new": kept is None}, status=422)
    is_default = form.cleaned_data["is_default"]
    if kept is not None:
        book.change(user, kept.pk, form.cleaned_data, is_default=is_default)
    else:
        try:
            book.keep(user, form.cleaned_data, is_default=is_default)
        except book.Full:
            form.add_error(None, _("Your address book is full. Please remove an address first."))
            return page(request, "address", {"form": form, "is_new": True}, status=422)
    messages.success(request, _("The address is saved."))
    return redirect("accounts:addresses")


def _kept(user: User, address_id: int) -> Address:
    kept = queries.addresses(user).filter(pk=address_id).first()
    if kept is None:
        raise Http404
    return kept


def _known(user: User, kept: Address | None) -> dict[str, object]:
    if kept is None:
        return {"name": user.name, "country": markets.current().country}
    return {name: getattr(kept, name) for name in (*book.PARTS, "is_default")}


@private_page
@login_required
@require_POST
def remove(request: HttpRequest, address_id: int) -> HttpResponse:
    """Out of the book; orders keep their own copy."""
    if _too_often(request):
        messages.error(request, SLOWLY)
    elif book.remove(owner(request), address_id):
        messages.success(request, _("The address is removed. Orders that went there are as they were."))
    return redirect("accounts:addresses")


@private_page
@login_required
@require_POST
def prefer(request: HttpRequest, address_id: int) -> HttpResponse:
    """The one that is suggested first."""
    if _too_often(request):
        messages.error(request, SLOWLY)
    else:
        book.prefer(owner(request), address_id)
    return redirect("accounts:addresses")


def _too_often(request: HttpRequest) -> bool:
    return limits.exceeded(request, "addresses", limit=WRITES, account=str(owner(request).pk))
