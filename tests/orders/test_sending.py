"""A mail about an order goes once, whoever else sends it at that moment; after a death it goes again."""

import re
import socketserver
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from datetime import timedelta
from multiprocessing.context import ForkProcess

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from catalog.models import Variant
from orders import jobs
from orders.models import MailClaim, Order
from orders.placement import place_order
from shop.outbox import drain
from shop.outbox.models import Message
from tests.orders.conftest import make_draft

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)


class MailServer(socketserver.ThreadingTCPServer):
    """Takes mails, each only once `taking` is set, and says goodbye only once `parting` is."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Talk)
        self.mails: list[str] = []
        self.taking, self.parting = threading.Event(), threading.Event()
        self.talks = 0


class Talk(socketserver.StreamRequestHandler):
    """One client: as much SMTP as a mail needs."""

    server: MailServer

    def handle(self) -> None:
        self.server.talks += 1
        self.say("220 here")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self.say("354 go on")
                lines = list(iter(self.rfile.readline, b".\r\n"))
                self.server.taking.wait(20)
                self.server.mails.append(b"".join(lines).decode())
            elif word == b"QUIT":
                self.server.parting.wait(20)
                self.say("221 bye")
                return
            self.say("250 fine")

    def say(self, words: str) -> None:
        self.wfile.write(words.encode() + b"\r\n")


@pytest.fixture
def post() -> Iterator[MailServer]:
    with MailServer() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.taking.set()
        server.parting.set()
        server.shutdown()


@pytest.fixture
def begin(post: MailServer) -> Iterator[Callable[[], ForkProcess]]:
    """Starts a worker that runs what is due, in a process of its own: a fork, which begins at once."""
    begun: list[ForkProcess] = []

    def work() -> None:
        connection.connection = None  # it is the test's
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", post.server_address[1]
        drain.drain("normal")

    def worker() -> ForkProcess:
        begun.append(ForkProcess(target=work))
        with warnings.catch_warnings(
            action="ignore", category=DeprecationWarning
        ):  # of threads that it lacks
            begun[-1].start()
        return begun[-1]

    yield worker
    for process in begun:
        process.kill()
        process.join()


def done(worker: ForkProcess) -> bool:
    """Whether it has ended well, within 20 s."""
    worker.join(20)
    return worker.exitcode == 0


def until(reached: Callable[[], bool]) -> None:
    """Waits for it, 20 s long."""
    ends = time.monotonic() + 20
    while not reached():
        assert time.monotonic() < ends
        time.sleep(0.02)


@pytest.fixture
def order(variant: Variant) -> Order:
    return place_order(make_draft((variant, 1)))


def ask_twice(order: Order) -> None:
    for _ in range(2):
        Message.objects.create(job="orders.send_confirmation", args=[order.pk])


def sent(order: Order) -> int:
    return order.events.filter(kind="confirmation_sent").count()


def asked() -> QuerySet[Message]:
    """On a slow machine placing has asked for more: whether many want the same."""
    return Message.objects.filter(job="orders.send_confirmation")


def in_a_transaction() -> int:
    """How many other connections are inside of one, or hold an advisory lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity a WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND (state LIKE 'idle in transaction%%' OR EXISTS ("
            "   SELECT FROM pg_locks l WHERE l.pid = a.pid AND locktype = 'advisory'))"
        )
        return int(cursor.fetchone()[0])


def test_two_workers_at_once_send_one_mail(order: Order, post: MailServer, begin) -> None:
    ask_twice(order)
    workers = [begin(), begin()]
    # One is held up by the mail server; the other has looked, put it off and gone home.
    until(lambda: any(worker.exitcode == 0 for worker in workers))
    until(lambda: post.talks == 1)
    assert in_a_transaction() == 0
    put_off = asked().get(done_at=None, lease_until=None)
    assert put_off.due_at == MailClaim.objects.get().until
    post.taking.set()
    post.parting.set()
    assert all(map(done, workers))
    assert (len(post.mails), sent(order)) == (1, 1)
    assert not MailClaim.objects.exists()
    Message.objects.update(due_at=Now())
    assert done(begin())
    assert (len(post.mails), sent(order)) == (1, 1)
    assert not asked().filter(done_at=None).exists()


def test_a_worker_that_dies_before_it_could_write_it_down_leaves_a_mail_that_goes_again(
    order: Order, post: MailServer, begin
) -> None:
    ask_twice(order)
    post.taking.set()
    worker = begin()
    until(lambda: len(post.mails) == 1)  # taken; the worker waits for goodbye
    worker.kill()
    worker.join()
    post.parting.set()
    assert sent(order) == 0
    assert done(begin())
    assert len(post.mails) == 1  # the dead one's claim still holds
    MailClaim.objects.update(until=Now())
    Message.objects.update(due_at=Now(), lease_until=None)
    assert done(begin())
    assert (len(post.mails), sent(order)) == (2, 1)
    ids = {re.search("^Message-ID: (.+)$", text, re.MULTILINE)[1] for text in post.mails}
    assert len(ids) == 1


def test_a_mail_that_was_refused_is_tried_again_without_waiting_for_its_claim(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(about: Order, _papers: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(jobs.emails, "confirmation", refuse)
    with pytest.raises(ConnectionRefusedError):
        jobs.send_confirmation(order.pk)
    assert not MailClaim.objects.exists()
    assert sent(order) == 0


def test_a_claim_outlasts_the_mail_servers_own_patience() -> None:
    assert settings.OUTBOX_LEASE_SECONDS >= 10 * settings.EMAIL_TIMEOUT


def test_who_was_too_late_takes_nobodys_claim_away(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    def slowly(about: Order, _papers: object) -> None:
        MailClaim.objects.update(until=Now())
        monkeypatch.setattr(jobs.emails, "confirmation", anothers)
        jobs.send_confirmation(order.pk)
        MailClaim.objects.create(order=order, kind="confirmation_sent", until=timezone.now() + HOUR)

    def anothers(about: Order, _papers: object) -> None:
        assert MailClaim.objects.filter(until__gt=Now()).count() == 1

    monkeypatch.setattr(jobs.emails, "confirmation", slowly)
    jobs.send_confirmation(order.pk)
    assert MailClaim.objects.count() == 1
