"""The edge on the desk's first page: quiet while edits go live, else one line that says what to do."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Min
from django.db.models.functions import Now
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shop.changes.models import Change
from shop.desk import dashboard
from shop.desk.cells import moment
from shop.edge.models import State
from shop.outbox.models import Message

LATE = timedelta(seconds=10)  # the relay looks each second
UNSEEN = timedelta(minutes=10)  # the canary is looked at each minute
LONGEST = 200  # characters of an error


@dataclass(frozen=True)
class Line:
    """What is said. tone: of its dot; what: the fact; do: what to do about it; why: the error; url: where."""

    tone: str
    what: Any
    do: str = ""
    why: str = ""
    url: str = ""


@dashboard.panel(0)
def edge(request: HttpRequest) -> SafeString | None:
    """For who may see the machinery."""
    if not request.user.has_perm("outbox.view_message"):
        return None
    line = _line(timezone.now())
    return told(_("The edge"), line) if line else None


def told(label: str, line: Line) -> SafeString:
    """The line of a machine of that name."""
    return render_to_string("admin/machine.html", {"label": label, "line": line})


def _line(now: datetime) -> Line | None:
    """The worst of what there is to say; nothing where there is no edge and nothing waits."""
    state = State.objects.first() or State()
    waiting = Change.objects.filter(done_at=None)
    oldest = waiting.aggregate(at=Min("at"))["at"]
    if oldest and now - oldest > LATE:
        if waiting.filter(lease_until__gt=Now()).exists():
            what = _("A large edit is on its way to its pages, for %s so far") % _span(now - oldest)
            return Line("low", what, _("It goes on by itself, and other edits go live meanwhile."))
        what = _("The oldest edit that is not live yet is %s old") % _span(now - oldest)
        do = _("Have the relay (manage.py relay) and the worker of the queue “changes” started.")
        return Line("bad", what, do)
    if failed := _failing():
        what = _("Some pages at the edge are still old: a purge fails and is tried again by itself")
        url = reverse("admin:outbox_message_changelist") + "?q=PurgeFailed"
        return Line("bad", what, _("See that every edge node answers."), _last(failed), url)
    if settings.EDGE_BACKEND == "null":
        return None
    if state.canary_error:
        do = _("Compare EDGE_BACKEND and its secrets with the edge: until then edits may not be seen.")
        return Line("bad", _("Purges have no effect at the edge"), do, state.canary_error[:LONGEST])
    if state.canary_at is None or now - state.canary_at > UNSEEN:
        do = _("See that the relay runs, that it reaches the edge, and the edge the shop.")
        return Line("low", _not_known_since(state.canary_at), do, state.canary_unknown[:LONGEST])
    seen = format_html(_("Edits go live: purges have an effect, seen {}"), moment(state.canary_at))
    return Line("good", seen)


def _span(waited: timedelta) -> str:
    if waited < timedelta(minutes=2):
        seconds = int(waited.total_seconds())
        return ngettext("%d second", "%d seconds", seconds) % seconds
    now = timezone.now()
    return str(timesince(now - waited, now))


def _not_known_since(at: datetime | None) -> SafeString | str:
    if at is None:
        return _("It is not known yet whether purges have an effect")
    return format_html(_("It is not known since {} whether purges have an effect"), moment(at))


def _failing() -> str:
    """The error of a purge that waits to be tried again."""
    waiting = Message.objects.filter(job="edge.purge", done_at=None, dead_at=None).exclude(error="")
    return str(waiting.order_by("id").values_list("error", flat=True).first() or "")


def _last(error: str) -> str:
    """Of a traceback its last line, without the exception's path."""
    text = error.strip().rpartition("\n")[2]
    return text.partition(": ")[2][:LONGEST] or text[:LONGEST]
