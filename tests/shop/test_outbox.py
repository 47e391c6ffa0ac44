"""The outbox: what is enqueued is done, once the caller has committed, Redis or not."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone
from rq import Queue, SimpleWorker

from shop.outbox import bell, drain
from shop.outbox.models import Message
from shop.outbox.outbox import enqueue

pytestmark = pytest.mark.django_db


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The queues whose bell was rung."""
    queues: list[str] = []
    monkeypatch.setattr(bell, "_ring_now", lambda queue, target, args: queues.append(queue))
    bell._bell.cache_clear()
    yield queues
    bell._bell.cache_clear()


def make_due(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(due_at=timezone.now() - timedelta(seconds=1))


def test_a_job_runs_with_its_arguments_and_is_done(jobs):
    heard: list[object] = []
    jobs.say = lambda *words: heard.append(words)
    message = enqueue("shop.say", 7, "hello")
    assert drain.drain("normal") == 1
    message.refresh_from_db()
    assert heard == [(7, "hello")]
    assert message.done_at
    assert drain.drain("normal") == 0


@pytest.mark.django_db(transaction=True)
def test_a_rollback_takes_the_job_and_the_bell_with_it(jobs, rung):
    with transaction.atomic():
        enqueue("shop.say")
        transaction.set_rollback(True)
    assert not Message.objects.exists()
    assert rung == []


@pytest.mark.django_db(transaction=True)
def test_a_bell_rings_once_for_a_queue_and_only_after_commit(rung):
    with transaction.atomic():
        for number in range(5):
            enqueue("shop.say", number)
        with transaction.atomic():
            enqueue("shop.say", queue="high")
            transaction.set_rollback(True)
        enqueue("shop.say", queue="low")
        assert rung == []
    assert sorted(rung) == ["low", "normal"]


def test_what_is_due_later_waits_and_does_not_ring(jobs, rung, django_capture_on_commit_callbacks):
    jobs.say = lambda: None
    with django_capture_on_commit_callbacks(execute=True):
        message = enqueue("shop.say", due=timezone.now() + timedelta(hours=1))
    assert rung == []
    assert drain.drain("normal") == 0
    make_due(message)
    assert drain.drain("normal") == 1


def test_queues_do_not_mix(jobs):
    jobs.say = lambda: None
    enqueue("shop.say", queue="low")
    assert (drain.drain("high"), drain.drain("low")) == (0, 1)


def test_an_unknown_queue_is_refused():
    with pytest.raises(ValueError, match="no queue 'urgent'"):
        enqueue("shop.say", queue="urgent")


def test_once_is_enough_for_the_same_work_at_the_same_time():
    moment = timezone.now() + timedelta(hours=1)
    assert enqueue("shop.say", 1, due=moment, once=True) == enqueue("shop.say", 1, due=moment, once=True)
    assert enqueue("shop.say", 1, once=True) == enqueue("shop.say", 1, once=True)
    enqueue("shop.say", 2, due=moment, once=True)
    enqueue("shop.say", 1, due=moment + timedelta(hours=1), once=True)
    assert Message.objects.count() == 4


@pytest.mark.parametrize(
    ("job", "reason"),
    [
        ("nowhere.say", "no app 'nowhere'"),
        ("shop.nothing", "no function 'nothing'"),
        ("shop._hidden", "no function '_hidden'"),
        ("shop", "no function ''"),
    ],
)
def test_a_job_that_stays_unknown_is_a_dead_letter_at_last(jobs, caplog, job, reason):
    jobs._hidden = lambda: None
    message = enqueue(job)
    Message.objects.update(tries=9)
    drain.drain("normal")
    message.refresh_from_db()
    assert message.dead_at is None, "a deployment may take that long"
    Message.objects.update(first_due_at=timezone.now() - drain.UNKNOWN_FOR)
    make_due(message)
    drain.drain("normal")
    message.refresh_from_db()
    assert message.dead_at
    assert reason in message.error
    assert "ERROR" in caplog.text


def test_a_job_of_the_new_release_waits_for_its_worker(jobs):
    heard: list[int] = []
    message = enqueue("shop.say", 1)
    assert drain.drain("normal") == 1
    message.refresh_from_db()
    assert (message.dead_at, message.tries) == (None, 1)
    assert 3 < (message.due_at - timezone.now()).total_seconds() < 7
    jobs.say = heard.append
    make_due(message)
    drain.drain("normal")
    assert heard == [1]


def test_a_jobs_module_that_cannot_be_imported_stops_no_worker(monkeypatch):
    def broken(job: str) -> None:
        raise ImportError("cannot import name 'x'")

    monkeypatch.setattr(drain, "resolve", broken)
    message = enqueue("shop.say")
    assert drain.drain("normal") == 1
    message.refresh_from_db()
    assert "cannot import name" in message.error


def test_a_failing_job_is_tried_five_times_ever_later_and_then_given_up(jobs, caplog):
    def fail() -> None:
        raise ValueError("the printer is on fire")

    jobs.fail = fail
    message, waits = enqueue("shop.fail"), []
    for _ in range(5):
        assert drain.drain("normal") == 1
        message.refresh_from_db()
        waits.append(round((message.due_at - timezone.now()).total_seconds()))
        assert drain.drain("normal") == 0
        make_due(message)
    for wait, planned in zip(waits[:4], (5, 10, 20, 40), strict=True):
        assert planned * (1 - drain.SPREAD) - 1 <= wait <= planned * (1 + drain.SPREAD) + 1
    assert message.dead_at
    assert "the printer is on fire" in message.error
    assert [record.levelname for record in caplog.records][-1] == "ERROR"
    assert drain.drain("normal") == 0


def test_a_poisonous_job_does_not_hold_up_the_others(jobs):
    heard: list[object] = []
    jobs.fail = lambda: 1 / 0
    jobs.say = heard.append
    enqueue("shop.fail")
    enqueue("shop.say", 1)
    drain.drain("normal")
    assert heard == [1]


def test_a_job_whose_worker_died_is_taken_over_when_the_lease_has_run_out(jobs, settings):
    jobs.say = lambda: None
    enqueue("shop.say")
    taken = drain.claim("normal")
    assert taken
    assert drain.claim("normal") is None
    Message.objects.filter(pk=taken.pk).update(lease_until=Now() - timedelta(seconds=1))
    assert drain.drain("normal") == 1


def test_a_late_outcome_changes_nothing(jobs, caplog):
    jobs.say = lambda: None
    enqueue("shop.say")
    late = drain.claim("normal")
    assert late
    Message.objects.update(lease_until=Now() - timedelta(seconds=1))
    taken_over = drain.claim("normal")
    assert taken_over
    drain.run(late)
    late.refresh_from_db()
    assert late.done_at is None
    assert "ran longer than its lease" in caplog.text
    drain.run(taken_over)
    late.refresh_from_db()
    assert late.done_at


def test_a_job_that_kills_its_workers_is_given_up(jobs):
    began: list[int] = []
    jobs.say = lambda: began.append(1)
    message = enqueue("shop.say")
    Message.objects.update(error="no answer", tries=50)
    for _ in range(drain.MAX_KILLS):
        assert drain.claim("normal")  # and nobody ever says how it went
        Message.objects.update(lease_until=None)
    drain.drain("normal")
    message.refresh_from_db()
    assert message.dead_at
    assert message.error == "every worker that began it died\nno answer"
    assert drain.replay([message.pk]) == 1
    drain.drain("normal")
    assert began == [1]


def test_a_dead_letter_can_be_tried_again(jobs):
    jobs.say = lambda: None
    message = enqueue("shop.say")
    Message.objects.update(dead_at=Now(), tries=5)
    assert drain.drain("normal") == 0
    assert drain.replay([message.pk]) == 1
    assert drain.drain("normal") == 1


def test_what_was_done_long_ago_is_forgotten_and_nothing_else(jobs):
    jobs.say = lambda: None
    for _ in range(3):
        enqueue("shop.say")
    drain.drain("normal")
    old = Message.objects.earliest("id")
    Message.objects.filter(pk=old.pk).update(done_at=Now() - timedelta(days=8))
    enqueue("shop.say")
    assert drain.prune(7) == 1
    assert Message.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_have_the_same_message(jobs):
    heard, lock = list[int](), threading.Lock()

    def say(number: int) -> None:
        with lock:
            heard.append(number)

    jobs.say = say
    for number in range(40):
        enqueue("shop.say", number)

    def work() -> None:
        drain.drain("normal")
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(heard) == list(range(40))


@pytest.mark.django_db(transaction=True)
def test_the_bell_calls_an_rq_worker_which_drains_the_queue(jobs, redis):
    heard: list[int] = []
    jobs.say = heard.append
    enqueue("shop.say", 1)
    queue = Queue("normal", connection=redis)
    assert len(queue) == 1
    SimpleWorker([queue], connection=redis).work(burst=True)
    assert heard == [1]
