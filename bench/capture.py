"""make bench-capture: what it costs that the database notes what changed, beside the same without triggers.

CPU of the one process of PostgreSQL that does the work, so that other work on the machine does not count:
µs a row of a bulk write, ms a save. It commits without waiting for the disk, which both would wait for alike.
"""

import contextlib
import json
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import django
from django.db import connection
from tqdm import tqdm

from bench import place

ROUNDS, SAVES, ROWS = 9, 300, 10_000
FEWER = 5  # rounds of very many rows
BUDGETS = {"save": 0.2, "update": 15.0}  # ms; µs a row, of each kind of bulk update
TABLES = ("catalog_product", "catalog_price")
FILL = (
    "INSERT INTO catalog_taxclass (code, name) VALUES ('standard', 'Standard')",
    """
    INSERT INTO catalog_product (name, slug, kind, series, brand, summary, description, care, tax_class_id,
        is_published, published_at, popularity, external_id, created_at, updated_at)
    SELECT 'Low hills ' || n, 'low-hills-' || n, 'Poster', 'Hills', 'Deckle', 'Two suns over low hills', %s,
        'Keep it dry.', (SELECT id FROM catalog_taxclass), true, now(), 0, 'bench:' || n, now(), now()
    FROM generate_series(%s, %s) n
    """,
    """
    INSERT INTO catalog_variant (product_id, sku, barcode, position, weight_grams, is_active, availability,
        external_id)
    SELECT p.id, 'SKU-' || p.id, '', 0, 200, true, 'in', NULL FROM catalog_product p
    """,
    """
    INSERT INTO catalog_price (variant_id, currency, amount, includes_tax)
    SELECT v.id, 'EUR', 38, true FROM catalog_variant v
    """,
)
DESCRIPTION = "<p>Printed on heavy paper with a deckle edge, in an edition of two hundred.</p>" * 6
WRITES = {  # name → the rows it writes, by %s
    "update_name": "UPDATE catalog_product SET name = name || '.' WHERE id <= %s",
    "update_published": "UPDATE catalog_product SET is_published = NOT is_published WHERE id <= %s",
    "update_price": "UPDATE catalog_price SET amount = amount + 1 WHERE id <= %s",
}


class Spent(NamedTuple):
    """Seconds for one save or row."""

    cpu: float
    wall: float


def main() -> None:
    """An argument: so many rows are updated as well."""
    many = int(sys.argv[1]) if sys.argv[1:] else 0
    with place.database("capture"):
        django.setup()
        with _bare():
            filled = max(ROWS, many)
            _fill(filled)
            figures = _measured("Change capture", {"save": _saves} | _bulk(ROWS, filled))
            if many:
                wide = {f"update_name_{many}": _bulk(many, filled)["update_name"]}
                figures |= _measured(f"{many:,} rows", wide, FEWER)
    sys.stdout.write(json.dumps({"bench": "capture", "rows": ROWS, "rounds": ROUNDS, **figures}) + "\n")


def _fill(rows: int) -> None:
    """A catalogue of so many products, each with a variant and a price; nothing of it is noted."""
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        cursor.execute("TRUNCATE catalog_product, catalog_taxclass, changes_change RESTART IDENTITY CASCADE")
        for statement in FILL:
            cursor.execute(statement, [DESCRIPTION, 1, rows] if "%s" in statement else None)
    _tidy()


def _bulk(rows: int, filled: int) -> dict[str, Callable[[], int]]:
    """Each bulk write as a function that gives the number of its rows. filled: so many there are before."""

    def write(sql: str, *values: Any) -> Callable[[], int]:
        def work() -> int:
            with connection.cursor() as cursor:
                cursor.execute(sql, values)
                if cursor.rowcount != rows:
                    raise SystemExit(f"{cursor.rowcount} rows instead of {rows}: {sql}")
            return rows

        return work

    writes = {name: write(sql, rows) for name, sql in WRITES.items()}
    writes["insert"] = write(FILL[1], DESCRIPTION, filled + 1, filled + rows)
    writes["delete"] = write("DELETE FROM catalog_product WHERE id > %s", filled)
    return writes


def _saves() -> int:
    """Products saved one by one with another name, as a merchant does."""
    from catalog.models import Product  # noqa: PLC0415 (after django.setup)

    for product in Product.objects.order_by("id")[:SAVES]:
        product.name = f"{product.name[:60]}."
        product.save()
    return SAVES


def _measured(title: str, works: dict[str, Callable[[], int]], rounds: int = ROUNDS) -> dict[str, Any]:
    """Medians of the rounds, with and without triggers by turns, and what the triggers add."""
    spent = defaultdict[tuple[str, bool], list[Spent]](list)
    # What is deleted was inserted in the same turn.
    turns = [(number, group) for number in range(rounds) for group in _together(works)]
    for number, group in tqdm(turns, title, file=sys.stderr, leave=False):
        for side in (False, True):
            is_noted = side is (number % 2 == 0)
            with _noting(is_noted):
                for name in group:
                    before, began = _cpu(), time.perf_counter()
                    units = works[name]()
                    wall = time.perf_counter() - began
                    spent[name, is_noted].append(Spent((_cpu() - before) / units, wall / units))
                    _tidy()
    return {name: _told(name, spent[name, False], spent[name, True]) for name in works}


def _together(works: dict[str, Callable[[], int]]) -> list[list[str]]:
    alone = [[name] for name in works if name not in {"insert", "delete"}]
    return [*alone, ["insert", "delete"]] if "insert" in works else alone


def _told(name: str, without: Sequence[Spent], noted: Sequence[Spent]) -> dict[str, float]:
    """One kind of write: ms a save, µs a row of the others. What is added: the median of the turns."""
    unit, budget = (1e3 if name == "save" else 1e6), BUDGETS.get(name.partition("_")[0])

    def median(values: Iterable[float]) -> float:
        return round(statistics.median(values) * unit, 3)

    pairs = list(zip(without, noted, strict=True))
    adds = median(after.cpu - before.cpu for before, after in pairs)
    return {
        "without": median(one.cpu for one in without),
        "noted": median(one.cpu for one in noted),
        "adds": adds,
        "adds_wall": median(after.wall - before.wall for before, after in pairs),
        **({"of_budget": round(adds / budget, 2)} if budget else {}),
    }


@contextlib.contextmanager
def _bare() -> Iterator[None]:
    """Without the tables' other triggers: what they do is not measured here."""
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        try:
            yield
        finally:
            for table in TABLES:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


@contextlib.contextmanager
def _noting(is_on: bool) -> Iterator[None]:
    """The triggers that note, for a while."""
    if not is_on:
        yield
        return
    with connection.cursor() as cursor:
        for act in ("ENABLE", "DISABLE"):
            for table in TABLES:
                for operation in ("insert", "update", "delete"):
                    cursor.execute(f"ALTER TABLE {table} {act} TRIGGER pgtrigger_noted_{operation}_{table}")
            if act == "ENABLE":
                yield


def _tidy() -> None:
    """As before the write: no notes, no dead rows."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE changes_change")
        for table in TABLES:
            cursor.execute(f"VACUUM (ANALYZE) {table}")


def _cpu() -> float:
    """Seconds that PostgreSQL's process for this connection has worked (proc(5), schedstat: nanoseconds)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


if __name__ == "__main__":
    main()
