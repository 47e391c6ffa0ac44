"""How the pages of cart and checkout are rendered."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy

TITLES = {
    "cart": gettext_lazy("Your cart"),
    "address": gettext_lazy("Where should it go?"),
    "delivery": gettext_lazy("How should it come?"),
    "review": gettext_lazy("Review and pay"),
}


def page(request: HttpRequest, name: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """The template of that name, with what is to be told."""
    request.page_title = TITLES[name]  # type: ignore[attr-defined]
    shown = {"messages": messages.get_messages(request), **context}
    return render(request, f"checkout/{name}.html", shown, status=status)
