"""django-rq's pages on the desk: for who may see the machinery, and quiet while Redis is away.

Its own views ask for any member of the staff, who could then empty a queue.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_rq.admin import QueueAdmin
from django_rq.models import Dashboard
from redis.exceptions import RedisError

from shop.desk.site import Section

PERMISSION = "django_rq.admin"
ROWS = {f"django_rq_dashboard_{page}" for page in ("add", "change", "delete", "history")}


def guarded(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The page, if this person may see it and Redis answers."""

    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.has_perm(PERMISSION):
            raise PermissionDenied
        try:
            return view(request, *args, **kwargs)
        except (RedisError, ConnectionError):
            text = _("Redis does not answer: the queues are seen again when it does. No work is lost.")
            messages.warning(request, text)
            return HttpResponseRedirect(reverse("admin:index"))

    return shown


admin.site.unregister(Dashboard)


@admin.register(Dashboard)
class QueueTable(QueueAdmin):
    """The queues, their workers and their jobs. What must not be lost is a message of the outbox."""

    section = Section.STAFF
    place = 3
    entry_name = gettext_lazy("Queues")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(PERMISSION)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(PERMISSION)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(PERMISSION)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        """Every page of django-rq's, guarded. There is no table, and so no row to add or to change."""
        named = [url for url in super().get_urls() if url.name and url.name not in ROWS]
        for url in named:
            url.callback = self.admin_site.admin_view(guarded(url.callback))
        return named
