"""The receipt of an edit on the desk: how far it has come to the pages that show it.

It stands beside "Product updated", on a page of its own for who has no script, and as a fragment that
static/js/admin-receipt.js asks for until it is done. An import has its own page, and no receipt.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.options import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shop.changes import rules
from shop.desk.cells import grouped
from shop.edge import receipts
from shop.edge.receipts import Told

TAG = "receipt-"  # of a message: the number of its receipt follows
SHORTEST = 0.1  # seconds that are told
LONGEST_NUMBER = 2**63  # of a bigint


@dataclass(frozen=True)
class Shown:
    """A receipt in words. tone: of its dot; why: the error, if there is one; is_over: nothing more comes."""

    number: int
    text: str
    tone: str
    why: str = ""
    is_over: bool = False


def reaches_pages(table: ModelAdmin) -> bool:
    """Whether an edit of this table, or of the rows in its form, can change what a page shows."""
    models = [table.model, *(rows.model for rows in table.inlines)]
    return bool({model._meta.label_lower for model in models} & rules.labels())


def tag(request: HttpRequest) -> str:
    """For the message about an edit, in whose transaction it is called; one receipt for each request."""
    if hasattr(request, "has_receipt"):
        return ""
    request.has_receipt = True  # type: ignore[attr-defined]
    return f"{TAG}{receipts.begin()}"


def of_message(message: Any) -> Shown | None:
    """What is known by now of the edit that a message is about."""
    for word in (message.extra_tags or "").split():
        if word.startswith(TAG) and word.removeprefix(TAG).isdecimal():
            return find(int(word.removeprefix(TAG)))
    return None


def find(number: int) -> Shown | None:
    """The receipt of that number in words; None if there is none, or it is forgotten."""
    told = receipts.tell(number) if number < LONGEST_NUMBER else None
    return told and said(number, told)


def page(request: HttpRequest, number: int) -> HttpResponse:
    """How far an edit has come, for who has no script; it is looked at again by loading it again."""
    shown = _asked(request, number)
    context = {**admin.site.each_context(request), "title": _("How far is it?"), "receipt": shown}
    return TemplateResponse(request, "admin/receipt/page.html", context)


def state(request: HttpRequest, number: int) -> HttpResponse:
    """The same as a fragment."""
    return TemplateResponse(request, "admin/receipt/state.html", {"receipt": _asked(request, number)})


def _asked(request: HttpRequest, number: int) -> Shown:
    """For who may edit anything that a page shows."""
    tables = admin.site._registry.values()
    if not any(reaches_pages(table) and table.has_change_permission(request) for table in tables):
        raise PermissionDenied
    shown = find(number)
    if shown is None:
        raise Http404
    return shown


def said(number: int, told: Told) -> Shown:
    """What is known of it, in words."""
    if told.state == "pending":
        return Shown(number, _("Pending: pages are being renewed"), "low")
    if told.state == "retrying":
        text = _("Retrying by itself: some pages are still old")
        return Shown(number, text, "bad", told.error)
    if told.state == "given up":
        text = _("Given up: some pages are still old")
        return Shown(number, text, "bad", told.error, is_over=True)
    return Shown(number, _done(told.pages, told.after or timedelta(0)), "good", is_over=True)


def _done(pages: int | None, after: timedelta) -> str:
    if not after:
        return _("It changes no page now")
    seconds = number_format(max(after.total_seconds(), SHORTEST), 1)
    if settings.EDGE_BACKEND == "null":
        return _("Live after %(seconds)s s") % {"seconds": seconds}
    if pages is None:
        return _("Live everywhere after %(seconds)s s") % {"seconds": seconds}
    if not pages:
        return _("Live everywhere after %(seconds)s s; no kept page showed it") % {"seconds": seconds}
    text = ngettext(
        "%(pages)s page, live everywhere after %(seconds)s s",
        "%(pages)s pages, live everywhere after %(seconds)s s",
        pages,
    )
    return text % {"pages": grouped(pages), "seconds": seconds}


def messages_url() -> str:
    """Where what was given up is retried."""
    return reverse("admin:outbox_message_changelist") + "?state=dead"
