"""count_sales(): what sells becomes popular. Lists are sorted by it, neighbours chosen, the edge filled.

Popularity goes in steps, two to a doubling of the sales: a piece more of what sells by the hundred is no
change, and purges nothing.
"""

from datetime import datetime, timedelta

from django.db import connection

from orders.models import Order

COUNTED = timedelta(days=90)  # before today
HALVES_IN = timedelta(days=30)  # a piece sold that long ago counts as half a one
STEP = 50  # of popularity; two of them are twice the sales, so that ten pieces are 350 and a thousand 1,000
SOLD = [Order.Status.PAID, Order.Status.PART_SHIPPED, Order.Status.SHIPPED, Order.Status.DELIVERED]

# Lines are joined to products to count them, never to say what was bought. All of it from one snapshot: what
# stands on a product is what we have written, or it was given since.
_STATEMENT = """
WITH sold AS (
    SELECT variant.product_id, sum(line.quantity * power(0.5,
        GREATEST(extract(epoch FROM %(now)s - placed.paid_at), 0) / %(half)s)) AS pieces
    FROM orders_order placed
    JOIN orders_orderline line ON line.order_id = placed.id
    JOIN catalog_variant variant ON variant.id = line.variant_id
    WHERE placed.paid_at > %(since)s AND placed.status = ANY(%(sold)s)
    GROUP BY variant.product_id
), known AS (
    SELECT product.id,
        CASE WHEN product.popularity = kept.written THEN kept.given ELSE product.popularity END AS given,
        %(step)s * round(2 * ln(1 + COALESCE(sold.pieces, 0)) / ln(2)) AS earned
    FROM catalog_product product
    LEFT JOIN sold ON sold.product_id = product.id
    LEFT JOIN orders_popularity kept ON kept.product_id = product.id
    WHERE sold.product_id IS NOT NULL OR kept.product_id IS NOT NULL
), wanted AS (
    SELECT id, given, GREATEST(given, earned)::int AS popularity FROM known
), noted AS (
    INSERT INTO orders_popularity AS kept (product_id, given, written)
    SELECT id, given, popularity FROM wanted ORDER BY id
    ON CONFLICT (product_id) DO UPDATE SET given = EXCLUDED.given, written = EXCLUDED.written
    WHERE (kept.given, kept.written) IS DISTINCT FROM (EXCLUDED.given, EXCLUDED.written)
), locked AS MATERIALIZED (
    SELECT product.id, wanted.popularity FROM catalog_product product JOIN wanted USING (id)
    WHERE product.popularity <> wanted.popularity ORDER BY product.id FOR NO KEY UPDATE OF product
)
UPDATE catalog_product product SET popularity = locked.popularity
FROM locked WHERE product.id = locked.id
"""


def count_sales(now: datetime) -> int:
    """Writes the popularity of products that were ever sold, where it is another one; of how many it was."""
    with connection.cursor() as cursor:
        cursor.execute(
            _STATEMENT,
            {
                "now": now,
                "since": now - COUNTED,
                "half": HALVES_IN.total_seconds(),
                "step": STEP,
                "sold": [str(status) for status in SOLD],
            },
        )
        return cursor.rowcount
