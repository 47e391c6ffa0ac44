"""Two at once, but in an order that is known: who comes second waits for a lock of the first's."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

from django.db import Error, connection, transaction

from catalog.models import Stock, StockBucket
from catalog.stock import BelowReserved, NotReserved, OutOfStock

REFUSALS = (OutOfStock, NotReserved, BelowReserved)
SECONDS = 20
_pause = threading.Event()  # never set: a pause without a busy loop


class Second:
    """Somebody in a thread and with a connection of their own; `ended` says how it went."""

    def __init__(self, do: Callable[[], Any]) -> None:
        self.ended: Any = None
        self._do, self._pid = do, 0
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            connection.ensure_connection()
            self._pid = connection.connection.info.backend_pid
            self.ended = self._do() or "done"
        except REFUSALS as refused:
            self.ended = type(refused).__name__
        except Error as fault:
            self.ended = f"a fault: {fault}"
        finally:
            connection.close()

    def begin(self) -> bool:
        """Whether they wait for somebody now; else they are done."""
        self._thread.start()
        for _ in range(SECONDS * 500):
            if not self._thread.is_alive():
                return False
            with connection.cursor() as cursor:
                cursor.execute("SELECT cardinality(pg_blocking_pids(%s)) > 0", [self._pid])
                if cursor.fetchone() == (True,):
                    return True
            _pause.wait(0.002)
        raise AssertionError("neither done nor waiting")

    def end(self) -> Any:
        self._thread.join(SECONDS)
        return self.ended


def behind(first: Callable[[], Any], second: Callable[[], Any]) -> Any:
    """How it ends for who comes while the first has done it, and not committed."""
    other = Second(second)
    with transaction.atomic():
        first()
        other.begin()
    return other.end()


def held_meanwhile(
    lowest: Callable[[], Any], others: Mapping[str, Any], second: Callable[[], Any]
) -> list[str]:
    """What who waits for the lowest row holds of the others, by name: nothing, if rows are locked in order.

    others: querysets, each of which is tried to be locked.
    """
    other, held = Second(second), list[str]()
    with transaction.atomic():
        lowest()
        assert other.begin(), f"nobody waited: {other.end()}"
        for name, rows in others.items():
            with transaction.atomic():
                wanted = rows.count()
                if len(rows.select_for_update(skip_locked=True)) < wanted:
                    held.append(name)
    other.end()
    return held


def level(variant_id: int) -> tuple[int, int, int]:
    """(on hand, promised to orders, in buckets)."""
    row = Stock.objects.get(pk=variant_id)
    return (
        row.on_hand,
        row.promised,
        sum(StockBucket.objects.filter(stock=row).values_list("free", flat=True)),
    )
