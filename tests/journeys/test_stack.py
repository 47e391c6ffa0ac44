"""`make stack` as one types it: the whole of production opens on this machine, loses a node, and closes."""

import os
import re
import signal
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shop.opening import QUEUES
from tests.edge.varnish import Answer, Edge, program, until
from tests.journeys.clones import cloned, environment, free_port, running, typed

ASKED = """
set -a; . .stack/environment; set +a
exec .venv/bin/python manage.py shell -v0 -c '
from django.conf import settings
from django.db import connection
from catalog.models import Product
print(Product.objects.count(), settings.DEBUG, settings.EDGE_BACKEND)
with connection.cursor() as cursor:
    cursor.execute("SELECT state FROM pg_stat_replication")
    print(cursor.fetchall())
'
"""


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Path]:
    program()
    with cloned(tmp_path / "clone", reset="stack-reset") as clone:
        yield clone


class Shopper:
    """Asks as a browser does, and hears whether the edge had it."""

    def __init__(self, port: int, secret: str) -> None:
        self.edge, self.secret = Edge(port), secret

    def ask(self, path: str, **headers: str) -> Answer:
        said = {"Host": "127.0.0.1", "X-Edge-Debug": self.secret, **headers}
        return self.edge.ask_with(path, {name.replace("_", "-"): value for name, value in said.items()})


def answers(node: Edge, secret: str) -> int | None:
    """What it says to who shows the secret; None if it is away."""
    try:
        return node.ask("/cart/", Host="localhost", X_Edge_Secret=secret).status
    except OSError:
        return None


def all_well(ask: Callable[[str], Answer], seconds: float) -> int:
    """Pages of all kinds, one after the other; how many, and each a 200."""
    end, asked = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        for path in ("/cart/", "/", f"/search/?q=paper+{asked}", "/account/login/"):
            assert ask(path).status == 200
            asked += 1
    return asked


def logs(clone: Path) -> str:
    """The end of what each process said."""
    files = sorted((clone / ".stack" / "logs").glob("*.log"))
    return "\n".join(f"{file.name}: {file.read_text(errors='replace')[-500:]}" for file in files)


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="no /proc to see processes in")
def test_all_of_production_opens_survives_a_dead_node_and_closes(clone: Path) -> None:
    port = free_port()
    process, said = typed(clone, "stack", f"PORT={port}", until="Ctrl-C closes it")
    try:
        assert f"Shop   http://127.0.0.1:{port}\n" in said, logs(clone)
        file = clone / ".stack" / "environment"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        secret = re.search(r"(?m)^EDGE_SECRET=(\S{40,})$", file.read_text())
        assert secret
        shopper = Shopper(port, secret[1])

        assert "Paper worth keeping" in shopper.ask("/").body.decode()
        assert shopper.ask("/").headers["X-Cache"] == "hit"
        sheet = re.search(rb'"(/static/css/[^"]+\.css)"', shopper.ask("/").body)
        assert sheet
        assert [shopper.ask(sheet[1].decode()).headers["X-Cache"] for _ in range(2)] == ["miss", "hit"]

        nodes = [Edge(int(found)) for found in re.findall(r"http://127.0.0.1:(\d+)", said.split("Nodes")[1])]
        assert len(nodes) == 2
        for node in nodes:
            assert node.ask("/", Host="localhost").status == 403
            assert answers(node, secret[1]) == 200

        for name in ("postgres", "replica", "redis-server", "varnishd", "relay"):
            assert name in "\n".join(running(clone).values())
        assert until(
            lambda: sum("rqworker" in line for line in running(clone).values()) == len(QUEUES), seconds=20
        )
        told = subprocess.run(
            ["/bin/sh", "-c", ASKED], cwd=clone, env=environment(), capture_output=True, text=True
        )
        assert told.stdout.split("\n")[:2] == ["124 False varnish", "[('streaming',)]"], told.stderr

        for pid, line in running(clone).items():
            if f"--bind 127.0.0.1:{nodes[0].port} " in line:
                os.kill(pid, signal.SIGKILL)
        assert answers(nodes[0], secret[1]) is None
        assert all_well(shopper.ask, seconds=3) > 8
        assert until(lambda: answers(nodes[0], secret[1]) == 200, seconds=20)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        said += process.communicate(timeout=30)[0]
    assert "web-1 ended (SIGKILL), it starts again" in said
    assert "Closed." in said
    assert running(clone) == {}
