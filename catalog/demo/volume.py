"""Volume: the demo's goods again and again under other names, to try the shop at a hundred thousand products.

A batch is a few statements inside PostgreSQL, in one transaction; its cards are made meanwhile over other
connections, and after a kill by the next run. Two that write goods at once would be slower: they wait for
each other's locks on the few values and categories that all refer to. Pictures are shared with the originals.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import cycle

import pgtrigger
from django.contrib.postgres.indexes import GinIndex
from django.db import connection, connections, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Exists, OuterRef

from catalog import cards
from catalog.models import AttributeValue, Card, Category, Image, Product, TaxClass
from shop.postgresql.base import patience

PREFIX = "generated:"  # of their external_id
BATCH = 2_000  # products in a transaction
HEAP = "16MB"  # of words that wait for their index
LINERS = 2  # connections that make cards, which take twice the time of the goods
# Nothing shows these rows yet, and their cards are made here; only the cards' own triggers note.
UNNOTED = [
    f"catalog.{model}:noted_insert"
    for model in (
        "Product",
        "Variant",
        "VariantOption",
        "Price",
        "Stock",
        "Listing",
        "ProductValue",
        "Image",
        "Review",
    )
]

# What goods refer to and generating does not write itself.
REFERRED = (AttributeValue, Category, TaxClass)

# Each product is a demo product `a`, told apart by another one's name and a number.
_MADE = """
CREATE TEMP TABLE made AS
SELECT nextval(pg_get_serial_sequence('catalog_product', 'id')) AS id, n, a.id AS origin,
    left(a.name || ', after ' || b.name || ' ' || n, 200) AS name, a.slug || '-' || n AS slug,
    %(prefix)s || n AS external_id
FROM generate_series(%(first)s::int, %(last)s::int) AS n
JOIN (SELECT *, row_number() OVER (ORDER BY id) - 1 AS place
    FROM catalog_product WHERE external_id LIKE 'demo:%%') a ON a.place = mod(n, %(origins)s)
JOIN (SELECT name, row_number() OVER (ORDER BY id) - 1 AS place
    FROM catalog_product WHERE external_id LIKE 'demo:%%') b
    ON b.place = mod(n / %(origins)s * 7 + 1, %(origins)s)
"""

# Without placeholders, so without a per cent sign: mod() it is.
_STATEMENTS = (
    "ANALYZE made",
    """INSERT INTO catalog_product (id, name, slug, kind, series, brand, summary, description, care,
        tax_class_id, is_published, published_at, popularity, external_id, created_at, updated_at)
    SELECT made.id, made.name, made.slug, kind, series, brand, summary, description, care, tax_class_id,
        true, now() - made.n * interval '1 minute', mod(made.n * 7919::bigint, 100000), made.external_id,
        now(), now()
    FROM made JOIN catalog_product ON catalog_product.id = origin""",
    # One or two: the first sizes in its first frame, or whatever else its options are.
    """CREATE TEMP TABLE sold AS
    SELECT nextval(pg_get_serial_sequence('catalog_variant', 'id')) AS id, made.id AS product_id, made.n,
        v.id AS origin, v.sku, v.place - 1 AS position,
        CASE WHEN mod(made.n + v.place, 11) = 0 THEN 0
             WHEN mod(made.n + v.place, 7) = 0 THEN 2 ELSE 40 END AS level
    FROM made JOIN (
        SELECT v.*, row_number() OVER (PARTITION BY product_id ORDER BY last_option, position) AS place
        FROM (SELECT v.*, (SELECT value_id FROM catalog_variantoption o
                WHERE o.variant_id = v.id ORDER BY o.position DESC LIMIT 1) AS last_option
            FROM catalog_variant v JOIN catalog_product p ON p.id = v.product_id
            WHERE p.external_id LIKE 'demo:' || chr(37)) v
    ) v ON v.product_id = made.origin AND v.place <= 1 + mod(made.n, 2)""",
    "ANALYZE sold",
    """INSERT INTO catalog_variant
        (id, product_id, sku, barcode, position, weight_grams, is_active, availability)
    SELECT id, product_id, sku || '-' || n, '', position, 0, true,
        CASE WHEN level = 0 THEN 'out' WHEN level <= 3 THEN 'low' ELSE 'in' END FROM sold""",
    """INSERT INTO catalog_variantoption (variant_id, value_id, position)
    SELECT sold.id, o.value_id, o.position FROM sold
    JOIN catalog_variantoption o ON o.variant_id = sold.origin""",
    """INSERT INTO catalog_price (variant_id, currency, amount, sale_amount, includes_tax)
    SELECT sold.id, p.currency, p.amount + mod(sold.n, 40), NULL, p.includes_tax
    FROM sold JOIN catalog_price p ON p.variant_id = sold.origin""",
    """INSERT INTO catalog_stock (variant_id, on_hand, reserved, low_at, is_tracked, is_split)
    SELECT id, level, 0, 3, true, false FROM sold""",
    """INSERT INTO catalog_stockmovement
        (variant_id, kind, on_hand_change, reserved_change, reference, note, at)
    SELECT id, 'received', level, 0, 'generated', '', now() FROM sold WHERE level > 0""",
    """INSERT INTO catalog_listing (category_id, product_id, position, is_primary)
    SELECT l.category_id, made.id, made.n, l.is_primary
    FROM made JOIN catalog_listing l ON l.product_id = made.origin""",
    """INSERT INTO catalog_productvalue (product_id, value_id)
    SELECT made.id, v.value_id FROM made JOIN catalog_productvalue v ON v.product_id = made.origin""",
    """INSERT INTO catalog_image
        (product_id, original, alt, position, mat, width, height, renditions, drawing, shows)
    SELECT made.id, i.original, i.alt, i.position, i.mat, i.width, i.height, i.renditions, '{}', i.shows
    FROM made JOIN catalog_image i ON i.product_id = made.origin
    WHERE i.position < 3 AND i.renditions->>'src' IS NOT NULL""",
    """INSERT INTO catalog_review (product_id, name, rating, title, body, is_published, created_at)
    SELECT made.id, r.name, r.rating, r.title, r.body, true, r.created_at
    FROM made JOIN catalog_review r ON r.product_id = made.origin WHERE mod(r.id + made.n, 9) = 0""",
)


class NoGoods(LookupError):
    """There is nothing to make more of."""


def generate(count: int) -> Iterator[int]:
    """Adds `count` products with their cards; yields how many are done each time that some are."""
    origins = Product.objects.filter(external_id__startswith="demo:").count()
    if not origins:
        raise NoGoods
    cards.rebuild(_without_cards())
    first = _next_number()
    if count <= BATCH:
        yield put_on_shelves(make(first, first + count - 1, origins))
        return
    starts = range(first, first + count, BATCH)
    with ExitStack() as line:
        maker, *liners = [line.enter_context(_connection()) for _ in range(1 + LINERS)]
        made = deque(
            maker.submit(make, start, min(start + BATCH, first + count) - 1, origins) for start in starts
        )
        # Whoever stops it waits for the batches that have begun, not for those that have not.
        line.callback(lambda: [batch.cancel() for batch in made])
        listed: deque[Future[int]] = deque()
        turns = cycle(liners)
        while made:
            listed.append(next(turns).submit(put_on_shelves, made.popleft().result()))
            while listed and (listed[0].done() or not made):
                yield listed.popleft().result()
    settle()


@contextmanager
def _connection() -> Iterator[Executor]:
    """A thread with a connection of its own: what it waits for happens in the database."""
    with ThreadPoolExecutor(1) as thread:
        try:
            yield thread
        finally:
            thread.submit(connections.close_all)


def settle() -> None:
    """What autovacuum would do some minutes later, so that the shop is quick at once.

    Indexes take in what is still collected; the planner learns the columns by which rows are found.
    """
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        for index in Card._meta.indexes:
            if isinstance(index, GinIndex):
                cursor.execute("SELECT gin_clean_pending_list(%s::regclass)", [index.name])
        for model in (Product, Card, Image):
            names = {name.removeprefix("-") for index in model._meta.indexes for name in index.fields}
            found = [field.column for field in model._meta.concrete_fields if field.name in names]
            columns = [quote(column) for column in found if column]
            cursor.execute(f"ANALYZE {quote(model._meta.db_table)} ({', '.join(columns)})")


def _next_number() -> int:
    latest = Product.objects.filter(external_id__startswith=PREFIX).order_by("-pk")[: 2 * BATCH]
    numbers = [int(str(text).removeprefix(PREFIX)) for text in latest.values_list("external_id", flat=True)]
    return max(numbers, default=-1) + 1


def make(first: int, last: int, origins: int) -> list[int]:
    """Writes the products of these numbers, wholly or not at all; their ids."""
    numbers: dict[str, int | str] = {"first": first, "last": last, "origins": origins, "prefix": PREFIX}
    with patience(connection, 0), transaction.atomic(), connection.cursor() as cursor:
        _be_quick(cursor)
        cursor.execute("DROP TABLE IF EXISTS pg_temp.made, pg_temp.sold")
        cursor.execute(_MADE, numbers)
        with pgtrigger.ignore(*UNNOTED), _unchecked(cursor):
            for statement in _STATEMENTS:
                cursor.execute(statement)
        cursor.execute("SELECT id FROM made ORDER BY id")
        return [pk for (pk,) in cursor.fetchall()]


def put_on_shelves(product_ids: Sequence[int]) -> int:
    """Their cards; how many products that were."""
    with patience(connection, 0), transaction.atomic(), connection.cursor() as cursor:
        _be_quick(cursor)
        # Words are collected and sorted into their indexes in large heaps: a third less work a card.
        cursor.execute(f"SET LOCAL gin_pending_list_limit = '{HEAP}'")
        cards.rebuild(product_ids)
    return len(product_ids)


def _be_quick(cursor: CursorWrapper) -> None:
    """A lost last second of trial goods costs nothing; checks put off would only queue up."""
    cursor.execute("SET LOCAL synchronous_commit = off")
    cursor.execute("SET LOCAL statement_timeout = 0")
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@contextmanager
def _unchecked(cursor: CursorWrapper) -> Iterator[None]:
    """Whoever may leaves out half of the work: each reference looked up again, one by one.

    All are read from the rows that they refer to, and those stay while this transaction lasts.
    """
    if not _may_refer_unchecked(cursor):
        yield
        return
    tables = ", ".join(connection.ops.quote_name(model._meta.db_table) for model in REFERRED)
    cursor.execute(f"LOCK TABLE {tables} IN SHARE MODE")
    cursor.execute("SET LOCAL session_replication_role = replica")
    yield
    cursor.execute("SET LOCAL session_replication_role = origin")


def _may_refer_unchecked(cursor: CursorWrapper) -> bool:
    cursor.execute("SELECT has_parameter_privilege('session_replication_role', 'SET')")
    return bool(cursor.fetchone() == (True,))


def _without_cards() -> list[int]:
    """Generated products that a killed run has left without a card."""
    listed = Card.objects.filter(product_id=OuterRef("pk"))
    bare = Product.objects.filter(~Exists(listed), external_id__startswith=PREFIX)
    return list(bare.order_by("pk").values_list("pk", flat=True))
