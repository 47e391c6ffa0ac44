"""What goes wrong on a running stack while it is edited: real processes hang, die, and are promoted."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
from django.db.models import F
from redis import Redis

from bench.nodes import pids
from shop.embedded import replica
from shop.embedded.ground import listens
from shop.outbox.models import Message

NONE = "none"
KILLED = {
    "the relay dies": "manage.py relay",
    "a worker dies": "rq.SimpleWorker changes",
    "a node dies": "--bind",
}
FAULTS = (*(NONE,) * 5, "Redis forgets", "Redis hangs", *KILLED)
HANGS_SECONDS = 0.5
STARTS_SECONDS = 60
LONG = timedelta(days=1)


class Faults:
    """Of the stack in this folder."""

    def __init__(self, home: Path, redis_url: str) -> None:
        self.home, self.redis_url = home.resolve(), redis_url

    @contextlib.contextmanager
    def suffering(self, fault: str) -> Iterator[None]:
        """Meanwhile; Redis hangs for half a second longer, and forgets at the end."""
        if fault in KILLED:
            os.kill(self.process(KILLED[fault]), signal.SIGKILL)
        with Redis.from_url(self.redis_url) as client:
            if fault == "Redis hangs":
                pid = client.info("server")["process_id"]
                os.kill(pid, signal.SIGSTOP)
                try:
                    yield
                    time.sleep(HANGS_SECONDS)
                finally:
                    os.kill(pid, signal.SIGCONT)
            else:
                yield
            if fault == "Redis forgets":
                client.flushall()

    def process(self, words: str) -> int:
        """The first of the stack's own whose command has these words; waits while it is started again."""
        until = time.monotonic() + STARTS_SECONDS
        while not (found := [pid for pid in pids(words) if self._is_ours(pid)]):
            if time.monotonic() > until:
                raise SystemExit(f"Of the stack nothing runs that is called {words!r}.")
            time.sleep(0.2)
        return min(found)

    @contextlib.contextmanager
    def no_pictures(self) -> Iterator[None]:
        """Meanwhile none is drawn: each is a change, and after many goods that takes half an hour."""
        waiting = Message.objects.filter(queue="low", job__endswith="_image", done_at=None, dead_at=None)
        ids = list(waiting.values_list("pk", flat=True))
        Message.objects.filter(pk__in=ids).update(due_at=F("due_at") + LONG)
        try:
            yield
        finally:
            Message.objects.filter(pk__in=ids).update(due_at=F("due_at") - LONG)

    def promote(self) -> None:
        """The primary dies, its replica takes its place and its address."""
        server = replica.of_clone(self.home)
        os.kill(int((server.primary.data / "postmaster.pid").read_text().split("\n", 1)[0]), signal.SIGQUIT)
        while listens(server.primary.socket_path):
            time.sleep(0.05)
        server.primary.socket_path.unlink(missing_ok=True)
        server.primary.socket_path.symlink_to(server.socket_path)
        server.promote()

    def silence(self) -> None:
        """From now on the primary sends nothing to its replica."""
        with psycopg.connect(replica.of_clone(self.home).primary.url, autocommit=True) as line:
            sender = line.execute("SELECT pid FROM pg_stat_replication").fetchone()
        if sender is None:
            raise SystemExit("The replica does not stream.")
        os.kill(sender[0], signal.SIGSTOP)

    def _is_ours(self, pid: int) -> bool:
        with contextlib.suppress(OSError):
            environ = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            return {f"MEDIA_ROOT={self.home / 'media'}".encode(), b"EDGE_BACKEND=varnish"} <= set(environ)
        return False
