"""The account's own page, and what its owner is called, reached by and lets in with."""

from typing import Any

from django.contrib import auth, messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import confirmation, links, passwords, queries
from accounts.forms import EmailForm, NameForm, OwnerForm, PasswordForm
from accounts.logins import LOGIN
from accounts.views.page import HOUR, LATER, SLOWLY, link_over, owner, page
from shop import limits
from shop.edge.pages import private_page

MAILS = 5  # an hour, of one kind to one account


@private_page
@login_required
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """The account's own page: who, and where to."""
    user = owner(request)
    address = queries.last_address(user)
    lines = queries.address_lines(address) if address else []
    return page(request, "account", {"user": user, "address_lines": lines})


@private_page
@login_required
@require_safe
def details(request: HttpRequest) -> HttpResponse:
    """Name, address and password, each with the way to another one."""
    return page(request, "details", {"user": owner(request)})


@private_page
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def name(request: HttpRequest) -> HttpResponse:
    """What the owner is called."""
    user = owner(request)
    form = NameForm(request.POST or None, initial={"name": user.name})
    if request.method != "POST":
        return page(request, "name", {"form": form})
    if not form.is_valid():
        return page(request, "name", {"form": form}, status=422)
    user.name = form.cleaned_data["name"]
    user.save(update_fields=["name"])
    messages.success(request, _("Your name is saved."))
    return redirect("accounts:details")


@private_page
@sensitive_post_parameters("old", "password")
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Another password, for who knows the old one; other browsers are logged out."""
    user = owner(request)
    form = _asked(request, "password", PasswordForm)
    if isinstance(form, HttpResponse):
        return form
    passwords.change(user, form.cleaned_data["password"], kept=request.session.get(LOGIN))
    auth.update_session_auth_hash(request, user)
    messages.success(request, _("Your password is changed. Other browsers are logged out."))
    return redirect("accounts:details")


@private_page
@sensitive_post_parameters("old")
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def email(request: HttpRequest) -> HttpResponse:
    """Another address: a link goes there. The answer does not say whether it has an account."""
    user = owner(request)
    form = _asked(request, "email", EmailForm)
    if isinstance(form, HttpResponse):
        return form
    wanted = form.cleaned_data["email"]
    if limits.exceeded(request, "change", limit=MAILS, seconds=HOUR, account=wanted):
        form.add_error(None, LATER)
        return page(request, "email", {"form": form, "user": user}, status=429)
    confirmation.ask_change(user, wanted)
    text = _("We have sent a link to %(email)s. Your address changes when you follow it.")
    messages.success(request, text % {"email": wanted})
    return redirect("accounts:details")


def _asked(request: HttpRequest, name: str, kind: type[OwnerForm]) -> OwnerForm | HttpResponse:
    """The form as it was sent, and valid; else the page that shows it."""
    user = owner(request)
    context: dict[str, Any] = {"form": kind(user=user), "user": user}
    if request.method != "POST":
        return page(request, name, context)
    # Before the password is compared: who found a browser open may not guess it.
    if limits.exceeded(request, "old-password", account=str(user.pk)):
        messages.error(request, SLOWLY)
        return page(request, name, context, status=429)
    form = kind(request.POST, user=user)
    return form if form.is_valid() else page(request, name, {**context, "form": form}, status=422)


@private_page
@login_required
@require_POST
def send_confirmation(request: HttpRequest) -> HttpResponse:
    """The link that confirms the address, once more."""
    user = owner(request)
    if user.is_confirmed:
        messages.info(request, _("Your address is confirmed already."))
    elif limits.exceeded(request, "confirm", limit=MAILS, seconds=HOUR, account=str(user.pk)):
        messages.error(request, LATER)
    else:
        confirmation.ask(user)
        messages.success(request, _("The link is on its way to %(email)s.") % {"email": user.email})
    return redirect("accounts:account")


@private_page
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The welcome mail's link: a button, since programs that look at mails follow links as well."""
    user = owner(request)
    found = links.read(links.CONFIRM, token)
    if found is None or found[0].pk != user.pk:
        return link_over(request, "confirm")
    if user.is_confirmed:
        messages.info(request, _("Your address is confirmed already."))
        return redirect("accounts:account")
    if request.method != "POST":
        return page(request, "confirm", {"email": user.email, "before": ""})
    try:
        confirmation.confirm(user, token)
    except confirmation.LinkOver:
        return link_over(request, "confirm")
    messages.success(request, _("Thank you, your address is confirmed."))
    return redirect("accounts:account")


@private_page
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, token: str) -> HttpResponse:
    """The link to another address: a button, and the account has it."""
    user = owner(request)
    found = links.read(links.CHANGE, token)
    if found is None or found[0].pk != user.pk:
        return link_over(request, "change")
    if request.method != "POST":
        return page(request, "confirm", {"email": found[1], "before": user.email})
    try:
        confirmation.change(user, token)
    except (confirmation.LinkOver, confirmation.AddressTaken):
        return link_over(request, "change")
    messages.success(request, _("Your address is %(email)s now.") % {"email": found[1]})
    return redirect("accounts:details")
