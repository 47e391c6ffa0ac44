"""The shop as processes behind a real edge, and another of it that keeps nothing: what should be seen."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from socket import socket

from django.core.management import call_command
from django.db import Error as DatabaseError
from django.db import connection
from django.db.models import CharField
from django.db.models.functions import Cast, Now
from django.test import override_settings

from shop import replicas
from shop.changes import projector
from shop.changes.models import Change
from shop.outbox import drain
from shop.outbox.models import Message
from tests.edge.varnish import KEEPER, SECRET, Answer, Edge, varnish
from tests.servers import database_url

QUEUES = ("changes", "high", "normal")
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Production:
    """edge: the Varnish that visitors ask, before `node`. truth: the shop without page store and replicas."""

    edge: Edge
    node: Edge
    truth: Edge
    log: Path


@contextlib.contextmanager
def production(home: Path, **environment: str) -> Iterator[Production]:
    """A node behind the edge, and the truth; static files are hashed. environment: of the node."""
    hashed = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    with override_settings(STATIC_ROOT=home / "static", STORAGES={"staticfiles": hashed}):
        call_command("collectstatic", interactive=False, verbosity=0)
    files = {"STATIC_ROOT": str(home / "static"), "EDGE_STRICT": "1"}
    node = {"EDGE_BACKEND": "varnish", "VARNISH_NODES": "http://127.0.0.1:9", "EDGE_SECRET": SECRET}
    with (
        gunicorn(home / "node.log", {**files, **node, "PAGE_STORE": "1", **environment}) as port,
        gunicorn(home / "truth.log", files) as true,
        varnish(port) as edge,
    ):
        yield Production(edge, Edge(port), Edge(true), home / "node.log")


@contextlib.contextmanager
def gunicorn(log: Path, environment: dict[str, str]) -> Iterator[int]:
    """The port of the shop on the test's own database."""
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "shop.wsgi", "--bind", f"127.0.0.1:{port}"]
    command += ["--worker-class", "gthread", "--threads", "8", "--no-control-socket"]
    known = {
        "DATABASE_URL": database_url(connection.settings_dict["NAME"]),
        "ALLOWED_HOSTS": "shop.example,localhost",
        "SITE_URL": "http://shop.example",
    }
    with log.open("wb") as output:
        keeper = subprocess.Popen(
            ["/bin/sh", "-c", KEEPER, "gunicorn", *command],
            cwd=ROOT,
            env={**os.environ, **known, **environment},
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    until = time.monotonic() + 60
    try:
        while not _answers(Edge(port)):
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.1)
        yield port
    finally:
        keeper.communicate(timeout=20)


def _answers(node: Edge) -> bool:
    with contextlib.suppress(OSError):
        return node.ask("/healthz").status == 200
    return False


@contextlib.contextmanager
def beside(work: Callable[[], object], pause: float) -> Iterator[None]:
    """Does the work again and again meanwhile, in a thread of its own; what it raises fails the block."""
    stopping, errors = threading.Event(), list[Exception]()

    def go() -> None:
        try:
            while not stopping.wait(pause):
                work()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=go, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(30)
    if errors:
        raise errors[0]


def relay() -> None:
    """What the relay and the worker of `changes` do; here, so that a test can break it."""
    with contextlib.suppress(DatabaseError):
        replicas.beat()
    projector.drain()
    for queue in QUEUES:
        drain.drain(queue)


def settled(seconds: float = 30) -> None:
    """Waits until all that was changed is followed, and purged for the second time, due sales too."""
    until = time.monotonic() + seconds
    while waiting := _waiting():
        assert time.monotonic() < until, f"not settled: {waiting}"
        time.sleep(0.05)


def _waiting() -> list[str]:
    """In one statement: what is followed becomes a message."""
    changes = Change.objects.filter(done_at=None).annotate(what=Cast("pk", CharField()))
    soon = Now() + timedelta(seconds=5)
    messages = Message.objects.filter(queue__in=QUEUES, done_at=None, dead_at=None, due_at__lt=soon)
    return list(changes.values_list("what").union(messages.values_list("job")).values_list("what", flat=True))


def told(answer: Answer) -> tuple[int, str, bytes]:
    """What a visitor sees of an answer."""
    return answer.status, answer.headers.get("Location", ""), answer.body
