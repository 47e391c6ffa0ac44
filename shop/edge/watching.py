"""watch(): a new timeline of the primary, or a new release of the shop, lets every page go."""

import time
from datetime import timedelta

from django.conf import settings
from django.db import transaction

from shop import marks
from shop.edge import freshness
from shop.edge.models import State
from shop.edge.release import release
from shop.marks import MarksAway
from shop.outbox.outbox import enqueue

SEEN_EVERY = 20.0  # seconds
# Of which no relay was seen for so long is new again; two releases that run side by side are not.
FORGOTTEN_AFTER = 60.0


def watch() -> bool:
    """Each second, by the relay: whether everything was let go. Raises the database's errors.

    Redis forgets what it was purged for, so the database remembers that.
    """
    try:
        marks.customers.follow_timeline()
        timeline = marks.pages.follow_timeline()
    except MarksAway:
        return False
    state = State.objects.get_or_create(pk=1)[0]
    now, ours = time.time(), release()
    seen = {name: at for name, at in state.releases.items() if now - at < FORGOTTEN_AFTER}
    if state.timeline == timeline and now - seen.get(ours, 0) < SEEN_EVERY:
        return False
    is_new = state.timeline != timeline or ours not in seen
    outcome = freshness.let_go({freshness.WHOLE}) if is_new else None
    if outcome and not outcome.is_marked:
        return False
    with transaction.atomic():
        State.objects.filter(pk=1).update(timeline=timeline, releases={**seen, ours: now})
        if outcome:
            freshness.again({freshness.WHOLE}, (), outcome)
        if ours not in seen:
            until_left = timedelta(seconds=settings.RELEASE_DRAIN_SECONDS)
            enqueue("edge.let_everything_go", queue="changes", due_in=until_left)
    return is_new
