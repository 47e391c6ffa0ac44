"""As many goods as one wants: a catalogue's again and again, by statements inside PostgreSQL.

Names, words, values and prices are the catalogue's, so every query finds as many times as much: what a large
shop of the same trade would have. Each copy has a model's name of its own, another popularity and price.
"""

import sys

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from tqdm import tqdm

from catalog.models import Card, Product

STEP = 5  # copies in a transaction
# Table → how many a copy's ids are behind those it copies, and what else differs; `c` is the copy's number.
PRODUCT, VARIANT = "c * (SELECT span FROM goods_span)", "c * (SELECT span FROM variants_span)"
COPIED: dict[str, dict[str, str | None]] = {
    "catalog_product": {
        "id": f"a.id + {PRODUCT}",
        "name": "left(a.name, 190) || ' mk' || c",
        "slug": "left(a.slug, 210) || '-mk' || c",
        "external_id": "a.external_id || '/mk' || c",
        "popularity": "(random() * 1000)::int",
        "published_at": "a.published_at - c * interval '1 hour'",
    },
    "catalog_variant": {
        "id": f"a.id + {VARIANT}",
        "product_id": f"a.product_id + {PRODUCT}",
        "sku": "left(a.sku, 56) || '-mk' || c",
        "external_id": "a.external_id || '/mk' || c",
    },
    "catalog_productvalue": {"id": None, "product_id": f"a.product_id + {PRODUCT}"},
    "catalog_card": {
        "id": None,
        "product_id": f"a.product_id + {PRODUCT}",
        "name": "left(a.name, 190) || ' mk' || c",
        "slug": "left(a.slug, 210) || '-mk' || c",
        "price": "round(a.price * (0.7 + 0.6 * random()::numeric), 2)",
        "popularity": "(random() * 1000)::int",
        "published_at": "a.published_at - c * interval '1 hour'",
    },
}


def grow(total: int) -> int:
    """Copies the goods that are there until there are so many; how many there are."""
    first = Product.objects.count()
    copies = -(-total // first) - 1
    if copies < 1:
        return first
    ids = list(Product.objects.order_by("pk").values_list("pk", flat=True))
    # Of the last copy, as many as are missing.
    upto = ids[total - first * copies - 1]
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # nobody notes, nobody looks up references
        cursor.execute("SET maintenance_work_mem = '512MB'")
        cursor.execute("CREATE TABLE goods_span AS SELECT max(id) AS span FROM catalog_product")
        cursor.execute("CREATE TABLE variants_span AS SELECT max(id) AS span FROM catalog_variant")
        indexes = _without_indexes(cursor)
        with tqdm(total=total - first, desc="Goods", unit="product", file=sys.stderr) as bar:
            for begin in range(1, copies + 1, STEP):
                end = min(begin + STEP - 1, copies)
                with transaction.atomic():
                    made = {
                        table: _copy(cursor, table, begin, end, copies, upto, max(ids)) for table in COPIED
                    }
                bar.update(made["catalog_product"])
        for index in tqdm(indexes, "Indexes", file=sys.stderr):
            cursor.execute(index)
        cursor.execute(f"UPDATE catalog_word SET goods = goods * {copies + 1}")  # noqa: S608 (a number)
        cursor.execute("DROP TABLE goods_span, variants_span")
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("VACUUM ANALYZE")
    return Card.objects.values("product_id").distinct().count()


def _copy(cursor: CursorWrapper, table: str, begin: int, end: int, last: int, upto: int, highest: int) -> int:
    cursor.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
        " AND attgenerated = ''",
        [table],
    )
    differs = COPIED[table]
    columns = [name for (name,) in cursor.fetchall() if differs.get(name, "") is not None]
    values = [differs.get(name) or f'a."{name}"' for name in columns]
    product = "id" if table == "catalog_product" else "product_id"
    names = ", ".join(f'"{name}"' for name in columns)
    cursor.execute(
        f"INSERT INTO {table} ({names}) SELECT {', '.join(values)}"  # noqa: S608 (names of ours)
        f" FROM {table} a CROSS JOIN generate_series(%s::int, %s::int) AS c"
        f" WHERE a.{product} <= %s AND (c < %s OR a.{product} <= %s)",
        [begin, end, highest, last, upto],
    )
    return cursor.rowcount


def _without_indexes(cursor: CursorWrapper) -> list[str]:
    """Drops those of the copied tables that no constraint needs: filled at once they take a fraction."""
    cursor.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index i"
        " WHERE indrelid = ANY(%s::regclass[]) AND NOT indisunique"
        " AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)",
        [list(COPIED)],
    )
    found = cursor.fetchall()
    for name, _definition in found:
        cursor.execute(f"DROP INDEX {name}")
    return [definition for _name, definition in found]
