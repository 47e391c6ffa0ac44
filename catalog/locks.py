"""The lock under which a product's derived rows are made: advisory, always in the order of primary keys."""

from collections.abc import Iterable

from django.db import connection

NAMESPACE = 1  # of our advisory locks; the upper 16 bits of the key


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
