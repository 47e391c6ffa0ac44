"""The backlog and the dead letters, with replay."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from shop.outbox import bell
from shop.outbox.drain import replay
from shop.outbox.models import Message

STATES = {
    "waiting": Q(done_at=None, dead_at=None),
    "dead": Q(dead_at__isnull=False),
    "done": Q(done_at__isnull=False),
}


class StateFilter(admin.SimpleListFilter):
    """Waiting, given up or done."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("waiting", _("waiting")), ("dead", _("given up")), ("done", _("done"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Message]) -> QuerySet[Message]:
        state = STATES.get(self.value() or "")
        return queryset.filter(state) if state is not None else queryset


@admin.register(Message)
class MessageAdmin(admin.ModelAdmin):
    """Read-only: a message is made by code and closed by a worker."""

    list_display = ("job", "args", "queue", "state", "tries", "due_at", "created_at", "done_at")
    list_filter = (StateFilter, "queue")
    search_fields = ("job", "error")
    ordering = ("-id",)
    actions = ("replay_dead",)
    show_full_result_count = False

    @admin.display(description=_("state"))
    def state(self, message: Message) -> Any:
        """In a word."""
        return _("done") if message.done_at else _("given up") if message.dead_at else _("waiting")

    @admin.action(description=_("Try the dead letters again"), permissions=["change"])
    def replay_dead(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        """Selected messages that were given up start anew."""
        chosen = list(queryset.values_list("pk", "queue"))
        number = replay([pk for pk, _queue in chosen])
        for queue in {queue for _pk, queue in chosen}:
            bell.ring(queue, bell.DRAIN, queue)
        text = ngettext("%d message will be tried again.", "%d messages will be tried again.", number)
        self.message_user(request, text % number, messages.SUCCESS if number else messages.WARNING)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Message | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Message | None = None) -> list[str]:
        return [field.name for field in Message._meta.fields]
