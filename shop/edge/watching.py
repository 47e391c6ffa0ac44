"""watch(): a new timeline of the primary, or a new release of the shop, lets every page go."""

from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction

from shop import marks
from shop.edge import freshness
from shop.edge.models import State
from shop.edge.release import release
from shop.marks import MarksAway
from shop.outbox.outbox import enqueue

SEEN_EVERY = 20.0  # seconds
# A release of which no relay was seen for so long is gone, and new if it returns; of two side by side neither
# is. When one is gone its nodes soon are, and then what they rendered goes: also of one that was withdrawn.
FORGOTTEN_AFTER = 60.0
UNMARKED = 0  # seen then: the edge has let its pages go, our own store has not


def watch(*, is_first: bool = False) -> bool:
    """Each second, by the relay: whether everything was let go. Raises the database's errors.

    Redis forgets what it was purged for, so the database remembers that. is_first: this process begins; if
    another release was seen since ours, ours has come back.
    """
    timeline, is_away = _timeline()
    state = State.objects.get_or_create(pk=1)[0]
    now, ours = _now(), release()
    seen = {name: at for name, at in state.releases.items() if now - at < FORGOTTEN_AFTER}
    gone = [name for name, at in state.releases.items() if at != UNMARKED and name not in {*seen, ours}]
    if is_first and any(at > seen.get(ours, now) for at in seen.values()):
        del seen[ours]
    is_known = state.timeline == timeline
    if is_known and now - seen.get(ours, 0) < SEEN_EVERY:
        return False
    is_new = not is_known or ours not in seen
    if is_new and is_away and is_known and state.releases.get(ours) == UNMARKED:
        return False
    outcome = freshness.let_go({freshness.WHOLE}) if is_new else None
    is_marked = outcome is None or outcome.is_marked
    with transaction.atomic():
        held = State.objects.select_for_update().get(pk=1)  # another relay has been here meanwhile, perhaps
        forgotten = {ours, *gone} if is_marked else {ours}
        others = {name: at for name, at in held.releases.items() if name not in forgotten}
        known = {**others, ours: now if is_marked else UNMARKED}
        State.objects.filter(pk=1).update(timeline=timeline, releases=known)
        if outcome:
            freshness.again({freshness.WHOLE}, (), outcome)
        if is_marked and (gone or (ours not in seen and not others)):
            until_left = timedelta(seconds=settings.RELEASE_DRAIN_SECONDS)
            enqueue("edge.let_everything_go", queue="changes", due_in=until_left)
    return is_new and is_marked


def _now() -> float:
    """Seconds since 1970 by the database's clock: relays of several machines compare what they wrote."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float")
        (now,) = cursor.fetchone()
    return float(now)


def _timeline() -> tuple[int, bool]:
    """The primary's; and whether the marks are away, so that no epoch can follow it."""
    try:
        marks.customers.follow_timeline()
        return marks.pages.follow_timeline(), False
    except MarksAway:
        return marks.primary_position().timeline, True
