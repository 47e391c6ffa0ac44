"""Real processes that issue invoices: `-m tests.orders.writing 8 counted`, each forked anew when it dies.

They share the attempts that lie in a table, and end when none is left. A fifth of all attempts fails after
the number was taken.
"""

import ctypes
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from django.db import connection, transaction

CLONE = Path(__file__).resolve().parents[2]
TABLES = "CREATE TABLE tests_attempt (order_id bigint); CREATE SEQUENCE tests_number"
NO_TABLES = "DROP TABLE IF EXISTS tests_attempt; DROP SEQUENCE IF EXISTS tests_number"
CLAIM = """
    DELETE FROM tests_attempt WHERE ctid = (
        SELECT ctid FROM tests_attempt LIMIT 1 FOR UPDATE SKIP LOCKED
    ) RETURNING order_id
"""
FAILING, LONGEST = 0.2, 0.004  # of the attempts; seconds that one waits before it commits
PR_SET_PDEATHSIG = 1


class Failure(Exception):
    """What was to be settled fails at last."""


@contextmanager
def writers(
    number: int, how: str, order_ids: list[int], database_url: str
) -> Iterator["subprocess.Popen[bytes]"]:
    """The process that forks them; the attempts and the tables are gone afterwards."""
    with connection.cursor() as cursor:
        cursor.execute(NO_TABLES)
        cursor.execute(TABLES)
        cursor.execute("INSERT INTO tests_attempt SELECT unnest(%s::bigint[])", [order_ids])
    command = [sys.executable, "-m", "tests.orders.writing", str(number), how]
    keeper = subprocess.Popen(command, env={**os.environ, "DATABASE_URL": database_url}, cwd=CLONE)
    try:
        yield keeper
    finally:
        keeper.kill()
        keeper.wait(10)
        with connection.cursor() as cursor:
            cursor.execute(NO_TABLES)


def children(keeper: int) -> list[int]:
    """Who writes at the moment."""
    try:
        return [int(pid) for pid in Path(f"/proc/{keeper}/task/{keeper}/children").read_text().split()]
    except OSError:
        return []


def attempts_left() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tests_attempt")
        return int(cursor.fetchone()[0])


def write(issue: Callable[[int], object]) -> None:
    chance = random.Random(os.getpid())
    while True:
        with connection.cursor() as cursor:
            cursor.execute(CLAIM)
            claimed = cursor.fetchone()
        if claimed is None:
            return
        try:
            with transaction.atomic():
                issue(claimed[0])
                time.sleep(chance.random() * LONGEST)
                if chance.random() < FAILING:
                    raise Failure
        except Failure:
            pass


def counted(order_id: int) -> object:
    """As the shop does it."""
    from orders import invoices
    from orders.models import Order

    return invoices.issue(Order(pk=order_id))


def by_sequence(order_id: int) -> object:
    """The broken variant: nobody waits for anybody, and what fails leaves a gap."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH series AS (
                INSERT INTO orders_invoiceseries VALUES ('sequence', 1, current_date) ON CONFLICT DO NOTHING
            )
            INSERT INTO orders_invoice (series_id, number, kind, order_id, content, total, currency,
                issued_on, issued_at)
            VALUES ('sequence', nextval('tests_number'), 'invoice', %s, '{}', 1, 'EUR', current_date, now())
            """,
            [order_id],
        )
    return None


def keep(number: int, how: str) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    django.setup()
    running = 0
    while True:
        while running < number:
            if not os.fork():
                ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
                write({"counted": counted, "by_sequence": by_sequence}[how])
                os._exit(0)
            running += 1
        _pid, status = os.wait()
        running -= 1
        if os.WIFEXITED(status):  # it found no attempt left
            number = min(number, running)
            if not number:
                return


if __name__ == "__main__":
    keep(int(sys.argv[1]), sys.argv[2])
