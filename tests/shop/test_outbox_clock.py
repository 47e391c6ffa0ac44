"""Only the database's clock says when a message is due, leased or given up; waits are spread by chance."""

import statistics
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db.models import DurationField, ExpressionWrapper, F
from django.db.models.functions import Now

from shop.edge.purges import Failure, PurgeFailed
from shop.outbox import drain
from shop.outbox.models import Message
from shop.outbox.outbox import enqueue

pytestmark = pytest.mark.django_db

FAR_OFF = [datetime(2001, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)]


def until_due(message: Message) -> timedelta:
    """As the database sees it."""
    left = ExpressionWrapper(F("due_at") - Now(), output_field=DurationField())
    found: timedelta = Message.objects.annotate(left=left).values_list("left", flat=True).get(pk=message.pk)
    return found


@pytest.mark.parametrize("moment", FAR_OFF, ids=["slow", "fast"])
def test_a_machine_whose_clock_is_wrong_writes_due_tries_and_gives_up_as_any_other(jobs, moment):
    def fail() -> None:
        raise ConnectionRefusedError("no mail server")

    jobs.fail, jobs.say = fail, lambda: None
    with time_machine.travel(moment):
        later = enqueue("shop.say", due_in=timedelta(seconds=30))
        assert timedelta(seconds=28) < until_due(later) <= timedelta(seconds=30)
        assert drain.drain("normal") == 0
        young, old = enqueue("shop.fail"), enqueue("shop.fail")
        Message.objects.filter(job="shop.fail").update(tries=9)
        Message.objects.filter(pk=old.pk).update(first_due_at=Now() - timedelta(hours=25))
        assert drain.drain("normal") == 2
    young.refresh_from_db()
    old.refresh_from_db()
    assert (young.dead_at, until_due(young) > timedelta(0)) == (None, True)
    assert old.dead_at


@pytest.mark.parametrize("moment", FAR_OFF, ids=["slow", "fast"])
def test_what_is_due_later_does_not_ring_whatever_this_machine_thinks(
    jobs, moment, monkeypatch, django_capture_on_commit_callbacks
):
    rung: list[str] = []
    monkeypatch.setattr("shop.outbox.bell.ring", lambda queue, *rest: rung.append(queue))
    with time_machine.travel(moment):
        enqueue("shop.say", due_in=timedelta(seconds=2), queue="high")
        enqueue("shop.say", due_in=timedelta(seconds=-2), queue="low")
        enqueue("shop.say")
    assert rung == ["low", "normal"]


def test_a_time_from_now_is_no_moment_that_could_be_the_same():
    with pytest.raises(ValueError, match="no moment"):
        enqueue("shop.say", due_in=timedelta(seconds=2), once=True)


def test_what_failed_together_does_not_come_back_together(jobs):
    def fail(number: int) -> None:
        raise ConnectionRefusedError("no mail server")

    jobs.fail = fail
    for number in range(40):
        enqueue("shop.fail", number)
    Message.objects.update(tries=4)
    drain.drain("normal")
    waits = [until_due(message).total_seconds() for message in Message.objects.all()]
    planned = drain.FIRST_WAIT * 2**4
    assert (
        planned * (1 - drain.SPREAD) - 2 < min(waits) < planned < max(waits) <= planned * (1 + drain.SPREAD)
    )
    assert statistics.stdev(waits) > planned * drain.SPREAD / 4


@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [
        (None, 3, 7),
        (1, 3, 7),  # our own wait is longer
        (600, 600, 750),
        (10_000_000, 86_400, 108_000),  # a year: looked at again tomorrow
    ],
)
def test_a_service_that_names_its_time_is_not_asked_before(jobs, asked, least, most):
    def fail() -> None:
        raise PurgeFailed([Failure("Fastly", "answered 429", is_temporary=True, retry_after=asked)])

    jobs.fail = fail
    message = enqueue("shop.fail")
    drain.drain("normal")
    assert least - 2 < until_due(message).total_seconds() <= most
