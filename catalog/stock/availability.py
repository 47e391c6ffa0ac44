"""In, low or out: what pages say of a variant, counted anew after the sales that may have changed it."""

from collections.abc import Iterable

from django.db import connection, transaction

from catalog.locks import lock_products
from catalog.stock import shelf


def refresh_availability(product_ids: Iterable[int]) -> None:
    """Recounts in, low or out for every variant of these products.

    Two sales at once would each see the other's units still there; so it is done after them, under the
    products' lock, in a statement that sees both.
    """
    ids = sorted(set(product_ids))
    with transaction.atomic():
        lock_products(ids)
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                WITH counted AS (
                    SELECT held.id, CASE
                        WHEN held.low_at IS NULL THEN 'out'
                        WHEN NOT held.is_tracked THEN 'in'
                        WHEN held.free <= 0 THEN 'out'
                        WHEN held.free <= held.low_at THEN 'low'
                        ELSE 'in' END AS availability
                    FROM (
                        SELECT v.id, s.low_at, s.is_tracked, {shelf.left("s")} AS free
                        FROM catalog_variant v LEFT JOIN catalog_stock s ON s.variant_id = v.id
                        WHERE v.product_id = ANY(%s)
                    ) held
                ), locked AS MATERIALIZED (
                    SELECT v.id, counted.availability
                    FROM catalog_variant v JOIN counted USING (id)
                    WHERE v.availability <> counted.availability ORDER BY v.id FOR NO KEY UPDATE OF v
                )
                UPDATE catalog_variant v SET availability = locked.availability
                FROM locked WHERE v.id = locked.id
                """,  # noqa: S608 (of our own columns)
                [ids],
            )
