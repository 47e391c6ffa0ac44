"""The outbox on the desk: what waits, and the dead letters with replay.

It stands here and not in shop/outbox, which knows nothing of any desk.
"""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from shop.desk import dashboard
from shop.desk.cells import moment, number, pill
from shop.desk.site import Section
from shop.desk.tables import Table, Unchangeable
from shop.outbox import bell
from shop.outbox.drain import replay
from shop.outbox.models import Message

CAUSE = 120  # characters of an error that a list shows
STATES = {
    "waiting": Q(done_at=None, dead_at=None),
    "dead": Q(dead_at__isnull=False),
    "done": Q(done_at__isnull=False),
}


class StateFilter(admin.SimpleListFilter):
    """Waiting, given up or done."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("waiting", _("waiting")), ("dead", _("given up")), ("done", _("done"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Message]) -> QuerySet[Message]:
        state = STATES.get(self.value() or "")
        return queryset.filter(state) if state is not None else queryset


@admin.register(Message)
class MessageTable(Unchangeable, Table):
    """Read-only: a message is made by code and closed by a worker."""

    section = Section.STAFF
    place = 2
    noun = (gettext_lazy("message"), gettext_lazy("messages"))
    list_display = ("job", "arguments", "queue", "state", "attempts", "cause", "due", "created")
    list_display_links = ("job",)
    sortable_by = ("queue",)
    list_filter = (StateFilter, "queue")
    search_fields = ("job", "error")
    search_help_text = gettext_lazy("Search by job or by what its error says")
    ordering = ("-id",)
    actions = ("replay_dead",)
    fieldsets = (
        (None, {"fields": (("job", "arguments"), ("queue", "state", "attempts"), "trace")}),
        (gettext_lazy("When"), {"fields": (("created", "due"), ("done", "given_up"))}),
    )

    def titled(self, shown: Message) -> str:
        return f"{shown.job} ({self.arguments(shown)})"

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("outbox.change_message")

    @admin.action(description=gettext_lazy("Retry messages"), permissions=["replay"])
    def replay_dead(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        """Selected messages that were given up start anew."""
        chosen = list(queryset.values_list("pk", "queue"))
        count = replay([pk for pk, _queue in chosen])
        for queue in {queue for _pk, queue in chosen}:
            bell.ring(queue, bell.DRAIN, queue)
        if count:
            text = ngettext("%d message retried", "%d messages retried", count)
            self.message_user(request, text % count, messages.SUCCESS)
        else:
            text = _("None of these had been given up: there is nothing to retry.")
            self.message_user(request, text, messages.WARNING)

    @admin.display(description=gettext_lazy("arguments"))
    def arguments(self, message: Message) -> str:
        return ", ".join(str(part) for part in message.args) or "–"

    @admin.display(description=gettext_lazy("state"))
    def state(self, message: Message) -> Any:
        """In a word."""
        if message.done_at:
            return pill("good", _("done"))
        return pill("bad", _("given up")) if message.dead_at else pill("low", _("waiting"))

    @admin.display(description=gettext_lazy("tries"))
    def attempts(self, message: Message) -> Any:
        return number(message.tries)

    @admin.display(description=gettext_lazy("cause"))
    def cause(self, message: Message) -> str:
        """The last line of what went wrong: in a traceback the error itself."""
        last = next((line for line in reversed(message.error.splitlines()) if line.strip()), "")
        return Truncator(last.strip()).chars(CAUSE) if last else "–"

    @admin.display(description=gettext_lazy("last error"))
    def trace(self, message: Message) -> Any:
        return (
            format_html('<pre class="trace" tabindex="0">{}</pre>', message.error) if message.error else "–"
        )

    @admin.display(description=gettext_lazy("due"))
    def due(self, message: Message) -> Any:
        return moment(message.due_at)

    @admin.display(description=gettext_lazy("created"))
    def created(self, message: Message) -> Any:
        return moment(message.created_at)

    @admin.display(description=gettext_lazy("done"))
    def done(self, message: Message) -> Any:
        return moment(message.done_at)

    @admin.display(description=gettext_lazy("given up"))
    def given_up(self, message: Message) -> Any:
        return moment(message.dead_at)


@dashboard.figure(90)
def dead_letters(request: HttpRequest) -> dashboard.Figure | None:
    """What was tried until nobody tried any more: mails that were not sent, pictures that were not made."""
    if not request.user.has_perm("outbox.view_message"):
        return None
    count = dashboard.counted(Message.objects.filter(STATES["dead"]))
    url = reverse("admin:outbox_message_changelist") + "?state=dead"
    names = ngettext_lazy("message given up", "messages given up")
    return dashboard.Figure(names % count, count, url, "bad") if count else None
