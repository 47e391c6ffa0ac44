"""How the pages of the account are rendered."""

from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy

from accounts.models import User

SLOWLY = gettext_lazy("Too many attempts. Please wait five minutes and try again.")
LATER = gettext_lazy("That was asked for very often just now. Please try again in an hour.")
HOUR = 3600

TITLES = {
    "login": gettext_lazy("Log in"),
    "register": gettext_lazy("Create an account"),
    "account": gettext_lazy("Your account"),
    "details": gettext_lazy("Your details"),
    "name": gettext_lazy("Your name"),
    "email": gettext_lazy("Another e-mail address"),
    "password": gettext_lazy("Another password"),
    "addresses": gettext_lazy("Your addresses"),
    "address": gettext_lazy("An address"),
    "logins": gettext_lazy("Where you are logged in"),
    "reset": gettext_lazy("A new password"),
    "reset_sent": gettext_lazy("A new password"),
    "reset_new": gettext_lazy("A new password"),
    "confirm": gettext_lazy("Is this your address?"),
    "link_over": gettext_lazy("This link is over"),
}


def page(request: HttpRequest, name: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """The template of that name, with what is to be told."""
    request.page_title = TITLES[name]  # type: ignore[attr-defined]
    shown = {"messages": messages.get_messages(request), **context}
    return render(request, f"accounts/{name}.html", shown, status=status)


def link_over(request: HttpRequest, kind: str) -> HttpResponse:
    """A mail's link that leads nowhere any more, and what to do instead; `kind` as in the template."""
    return page(request, "link_over", {"kind": kind}, status=410)


def owner(request: HttpRequest) -> User:
    """Whose account it is; for views that need a login."""
    return cast(User, request.user)
