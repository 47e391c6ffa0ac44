"""Several relays, real processes: they share the work, and what one of them lost another one has."""

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection, transaction

from shop.outbox.models import Message
from shop.outbox.outbox import enqueue
from tests import servers
from tests.shop import working
from tests.shop.working import Crew

pytestmark = pytest.mark.django_db(transaction=True)

JOBS, TAKES = 40, 0.05  # seconds
RELAY = ("relay", "--interval", "0.05")


@pytest.fixture
def lease() -> float:
    """Seconds."""
    return 30


@pytest.fixture
def crew(tmp_path: Path, redis: object, lease: float) -> Iterator[Crew]:
    """None yet."""
    url = servers.database_url(connection.settings_dict["NAME"])
    with working.crew(tmp_path, DATABASE_URL=url, OUTBOX_LEASE_SECONDS=str(lease)) as ours:
        yield ours


def until(true: Callable[[], object], seconds: float = 20) -> None:
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends, f"it did not come about within {seconds} s"
        time.sleep(0.02)


def delivered_by() -> list[int]:
    return [pid for _number, pid in working.seen().deliveries]


def test_two_relays_share_the_work_and_do_no_message_twice(crew):
    relays = [crew.start(*RELAY) for _ in range(2)]
    enqueue("shop.effect", -1, 0)
    until(lambda: Message.objects.filter(done_at__isnull=False).exists())
    # Both are there before there is much to do: each is seen at work.
    for number in range(-2, -200, -1):
        enqueue("shop.effect", number, TAKES)
        if len(set(delivered_by())) == 2:
            break
        time.sleep(0.1)
    with transaction.atomic():
        for number in range(JOBS):
            enqueue("shop.effect", number, TAKES)
    until(lambda: not Message.objects.filter(job="shop.effect", done_at=None).exists())
    found = working.seen()
    assert sorted(number for number, _pid in found.deliveries) == sorted(found.effects)
    shares = [list(found.effects.values()).count(relay.pid) for relay in relays]
    assert min(shares) >= JOBS / 4
    assert [relay.poll() for relay in relays] == [None, None]


@pytest.mark.parametrize("lease", [1])
def test_what_a_stopped_relay_held_another_one_does_and_the_late_outcome_changes_nothing(crew):
    stopped = crew.start(*RELAY)
    message = enqueue("shop.effect", 1, 2.0)  # it is stopped in the first half, holding no lock
    until(lambda: delivered_by() == [stopped.pid])
    stopped.send_signal(signal.SIGSTOP)
    other = crew.start(*RELAY)
    until(lambda: Message.objects.filter(pk=message.pk, done_at__isnull=False).exists())
    message.refresh_from_db()
    done_at = message.done_at
    assert (delivered_by(), working.seen().effects) == ([stopped.pid, other.pid], {1: other.pid})
    stopped.send_signal(signal.SIGCONT)
    until(lambda: b"ran longer than its lease" in crew.log.read_bytes())
    message.refresh_from_db()
    assert (message.done_at, message.tries, working.seen().sum) == (done_at, 2, 1)
