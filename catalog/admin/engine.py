"""The search engine on the desk's first page: quiet while it is told of edits, else what to do about it."""

from datetime import datetime, timedelta

from django.db.models import Min
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from catalog.models import StaleDocument
from catalog.search import client, keeping, rebuilding
from shop.desk import dashboard
from shop.desk.edge import Line, told

LATE = timedelta(minutes=2)  # the relay asks again each minute


@dashboard.panel(1)
def engine(request: HttpRequest) -> SafeString | None:
    """For who may see the machinery."""
    if not client.is_configured() or not request.user.has_perm("outbox.view_message"):
        return None
    line = _line(timezone.now())
    return told(_("The search engine"), line) if line else None


def _line(now: datetime) -> Line | None:
    """The worst of what there is to say; nothing while searches find what is there."""
    if not keeping.is_built():
        what = _("The search engine has no index yet: the database answers searches")
        if rebuilding.size() <= rebuilding.UNASKED:
            return Line("low", what, _("It is built by itself within some minutes."))
        return Line("low", what, _("Have manage.py reindex run once."))
    oldest = StaleDocument.objects.aggregate(at=Min("noted_at"))["at"]
    if oldest and now - oldest > LATE:
        what = _("The search engine has not heard of edits for %s") % timesince(oldest, now)
        return Line(
            "bad", what, _("Its address is ELASTICSEARCH_URL: does it answer? Nothing is lost meanwhile.")
        )
    return None
