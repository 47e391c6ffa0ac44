"""Advisory locks: of products whose derived rows are made, by primary key; of work that one does alone."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import connection

NAMESPACE = 1  # of our advisory locks; the upper 16 bits of the key
REINDEX, BULK = 1, 2  # what one process does at a time


def lock_products(product_ids: Iterable[int]) -> None:
    """Waits for whoever rebuilds one of these products, and keeps the next one waiting until commit.

    Read them in a new statement: only that sees what the other one committed.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("lock_products() needs a transaction: the locks end with it")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock((%s::bigint << 48) | id)"
            " FROM (SELECT DISTINCT id FROM unnest(%s::bigint[]) AS ids(id) ORDER BY id OFFSET 0) AS sorted",
            [NAMESPACE, list(product_ids)],
        )


@contextmanager
def alone(at: int) -> Iterator[bool]:
    """Whether nobody else does this meanwhile: a lock of the connection's, which ends with the process."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock((%s::bigint << 48) - %s)", [NAMESPACE, at])
        (is_ours,) = cursor.fetchone()
    try:
        yield is_ours
    finally:
        if is_ours:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock((%s::bigint << 48) - %s)", [NAMESPACE, at])
