"""The shop as processes behind a real edge, and another of it that keeps nothing: what should be seen."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from socket import socket

from django.core.management import call_command
from django.db import Error as DatabaseError
from django.db import connection
from django.test import override_settings

from bench.oracle import QUEUES, Told
from shop import replicas
from shop.changes import projector
from shop.outbox import drain
from tests.edge.varnish import KEEPER, SECRET, Answer, Edge, varnish
from tests.servers import database_url

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
    # Of the same names as production's, which would compress each as well as it goes: eight seconds.
    hashed = {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
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


def relay() -> None:
    """What the relay and the worker of `changes` do; here, so that a test can break it."""
    with contextlib.suppress(DatabaseError):
        replicas.beat()
    projector.drain()
    for queue in QUEUES:
        drain.drain(queue)


def told(answer: Answer) -> Told:
    """What a visitor sees of an answer."""
    return answer.status, answer.headers.get("Location", ""), answer.body
