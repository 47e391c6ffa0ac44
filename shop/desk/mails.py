"""Every mail that the shop sends, on the desk: as it looks in each market and language, wide and narrow."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shop import mail, markets
from shop.mail import Example

PERMISSION = "outbox.view_message"  # who may see what the shop sends
WIDTHS = {"640": gettext_lazy("Desktop, 640 px"), "390": gettext_lazy("Phone, 390 px")}


@dataclass(frozen=True)
class Choice:
    """A way to look at a mail, as a link."""

    label: str
    url: str
    is_chosen: bool


def listing(request: HttpRequest) -> HttpResponse:
    """All of them, by the app that sends them."""
    _let_in(request)
    found: dict[str, list[dict[str, Any]]] = {}
    for shown in mail.examples.values():
        row = {
            "title": shown.title,
            "name": shown.name,
            "subject": mail.preview(shown, markets.default(), markets.default().language).subject,
            "url": reverse("admin:mail", args=[shown.slug]),
        }
        found.setdefault(shown.name.partition("/")[0], []).append(row)
    context = {**admin.site.each_context(request), "title": _("Mails"), "groups": found.items()}
    return TemplateResponse(request, "admin/mails/list.html", context)


def page(request: HttpRequest, slug: str) -> HttpResponse:
    """One of them, in an iframe that lets nothing out."""
    _let_in(request)
    shown = mail.examples.get(slug)
    if shown is None:
        raise Http404
    languages = dict(settings.LANGUAGES)
    market = next((m for m in markets.all() if m.code == request.GET.get("market")), markets.default())
    language = _one(request, "language", languages, market.language)
    width = _one(request, "width", WIDTHS, "640")
    lights = {"light": _("Light"), "dark": _("Dark")}
    light = _one(request, "light", lights, "light")
    chosen = {"market": market.code, "language": language, "width": width, "light": light}
    context = {
        **admin.site.each_context(request),
        "title": capfirst(str(shown.title)),
        "mail": mail.preview(shown, market, language),
        "sender": settings.DEFAULT_FROM_EMAIL,
        "width": width,
        "light": light,
        "choices": [
            (_("Market"), _links(shown, chosen, "market", {m.code: m.name for m in markets.all()})),
            (_("Language"), _links(shown, chosen, "language", languages)),
            (_("Width"), _links(shown, chosen, "width", WIDTHS)),
            (_("Colours"), _links(shown, chosen, "light", lights)),
        ],
    }
    return TemplateResponse(request, "admin/mails/mail.html", context)


def _let_in(request: HttpRequest) -> None:
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied


def _one(request: HttpRequest, name: str, known: dict[str, Any], otherwise: str) -> str:
    given = request.GET.get(name, "")
    return given if given in known else otherwise


def _links(shown: Example, chosen: dict[str, str], name: str, known: dict[str, Any]) -> list[Choice]:
    here = reverse("admin:mail", args=[shown.slug])
    return [
        Choice(str(label), f"{here}?{urlencode({**chosen, name: value})}", chosen[name] == value)
        for value, label in known.items()
    ]
