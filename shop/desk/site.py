"""The admin site: its index and sidebar are ordered by what a merchant does, not by our packages."""

from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import TextChoices
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.translation import gettext_lazy as _

from shop.desk import dashboard, doors, mails, receipts


class Section(TextChoices):
    """The parts of the desk, in their order."""

    ORDERS = "orders", _("Orders")
    GOODS = "goods", _("Goods")
    PRICES = "prices", _("Prices and stock")
    CONTENT = "content", _("Home page and pages")
    CUSTOMERS = "customers", _("Customers")
    SETUP = "setup", _("Tax and delivery")
    STAFF = "staff", _("Staff and machinery")


class Desk(admin.AdminSite):
    """One site; each ModelAdmin says in which `section` it stands, and at which `place` of it."""

    site_title = settings.SITE_NAME
    site_header = settings.SITE_NAME
    index_title = _("Merchant desk")
    empty_value_display = "–"
    login_form = doors.LoginForm

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """And what an edit has led to; before Django's own, which end with one for everything."""
        own = [
            path("receipt/<int:number>/", self.admin_view(receipts.page), name="receipt"),
            path("receipt/<int:number>/state/", self.admin_view(receipts.state), name="receipt_state"),
            path("mails/", self.admin_view(mails.listing), name="mails"),
            path("mails/<path:slug>/", self.admin_view(mails.page), name="mail"),
        ]
        for table in self._registry.values():
            own += getattr(table, "get_pages", list)()
        return [*own, *super().get_urls()]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """What waits, then everything there is."""
        return super().index(request, {**dashboard.context(request), **(extra_context or {})})

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Whoever tries too often is told so, by the status too."""
        response = super().login(request, extra_context)
        form = (getattr(response, "context_data", None) or {}).get("form")
        if getattr(form, "is_throttled", False):
            response.status_code = 429
        return response

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Refusals in the desk's own words, with the desk around them."""
        shown = super().admin_view(view, cacheable)

        @wraps(shown)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                return shown(request, *args, **kwargs)
            except PermissionDenied:
                return doors.forbidden(request)
            except Http404:
                return doors.missing(request)

        return guarded

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """The sections that this person may see; the page of a single app stays as it is."""
        apps = super().get_app_list(request, app_label)
        entries = [entry for app in apps for entry in app["models"]]
        for entry in entries:
            entry["name"] = getattr(self._registry[entry["model"]], "entry_name", entry["name"])
        if app_label:
            return apps
        entries.sort(key=lambda entry: (getattr(self._registry[entry["model"]], "place", 99), entry["name"]))
        by_section: dict[str, list[Any]] = {section: [] for section in Section.values}
        for entry in entries:
            section = getattr(self._registry[entry["model"]], "section", Section.STAFF)
            if section is not None:
                by_section[section].append(entry)
        for table in self._registry.values():  # pages beside a table's own, such as what was sold
            for name, url, permission in getattr(table, "entries", ()):
                if request.user.has_perm(permission):
                    here = reverse(f"admin:{url}")
                    entry = {"name": name, "object_name": url, "admin_url": here, "add_url": None}
                    by_section[table.section].append(entry)  # type: ignore[attr-defined]
        if request.user.has_perm(mails.PERMISSION):
            here = reverse("admin:mails")
            by_section[Section.CONTENT].append(
                {"name": _("Mails"), "object_name": "mails", "admin_url": here, "add_url": None}
            )
        return [
            {
                "name": section.label,
                "app_label": section.value,
                "app_url": reverse("admin:index") + f"#section-{section.value}",
                "has_module_perms": True,
                "models": by_section[section],
            }
            for section in Section
            if by_section[section]
        ]
