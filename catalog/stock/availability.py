"""In, low or out: what pages say of a variant, counted anew after the sales that may have changed it."""

from collections.abc import Iterable

from django.db import connection, transaction

from catalog.locks import lock_products


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
                """
                UPDATE catalog_variant v SET availability = counted.availability
                FROM (
                    SELECT held.id, CASE
                        WHEN held.low_at IS NULL THEN 'out'
                        WHEN NOT held.is_tracked THEN 'in'
                        WHEN held.free <= 0 THEN 'out'
                        WHEN held.free <= held.low_at THEN 'low'
                        ELSE 'in' END AS availability
                    FROM (
                        SELECT v.id, s.low_at, s.is_tracked, s.on_hand - s.reserved + CASE WHEN s.is_split
                            THEN (SELECT coalesce(sum(b.free), 0) FROM catalog_stockbucket b
                                WHERE b.stock_id = s.variant_id) ELSE 0 END AS free
                        FROM catalog_variant v LEFT JOIN catalog_stock s ON s.variant_id = v.id
                        WHERE v.product_id = ANY(%s)
                    ) held
                ) counted
                WHERE v.id = counted.id AND v.availability <> counted.availability
                """,
                [ids],
            )
