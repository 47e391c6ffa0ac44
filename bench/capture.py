"""make bench-capture: what it costs that the database notes what changed, beside the same without its triggers.

CPU of the one process of PostgreSQL that does the work, so that other work on the machine does not count:
µs a row of a bulk write, ms a save. It commits without waiting for the disk, which both would wait for alike.
"""

import contextlib
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import django
from django.db import connection
from tqdm import tqdm

from bench import place
from shop import embedded

ROUNDS, SAVES, ROWS = 7, 300, 10_000
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


def main() -> None:
    """An argument: so many rows are updated as well."""
    many = int(sys.argv[1]) if sys.argv[1:] else 0
    home = place.HOME / "capture"
    with embedded.services(home) as urls:
        os.environ.update(embedded.environment(home, urls))
        os.environ |= {
            "DATABASE_URL": str(urls.database),
            "REDIS_URL": str(urls.redis),
            "STATEMENT_TIMEOUT_MS": "0",
            "DJANGO_SETTINGS_MODULE": "shop.settings",
        }
        place.manage("migrate", "-v0")
        django.setup()
        _fill(max(ROWS, many))
        figures = _measured(ROWS, "Change capture", {"save": _saves} | _bulk(ROWS))
        if many:
            wide = {name: work for name, work in _bulk(many).items() if name == "update_name"}
            figures |= {f"{name}_{many}": told for name, told in _measured(many, f"{many:,}", wide).items()}
    sys.stdout.write(json.dumps({"bench": "capture", "rows": ROWS, "rounds": ROUNDS, **figures}) + "\n")


def _fill(rows: int) -> None:
    """A catalogue of so many products, each with a variant and a price; nothing of it is noted."""
    with connection.cursor() as cursor, _noting(False):
        cursor.execute("SET synchronous_commit = off")
        cursor.execute("TRUNCATE catalog_product, catalog_taxclass, changes_change RESTART IDENTITY CASCADE")
        for statement in FILL:
            cursor.execute(statement, [DESCRIPTION, 1, rows] if "%s" in statement else None)
    _tidy()


def _bulk(rows: int) -> dict[str, Callable[[], int]]:
    """Each bulk write as a function that does it; what it gives is the number of its units."""
    above = 10_000_000

    def write(sql: str, *values: Any) -> Callable[[], int]:
        def work() -> int:
            with connection.cursor() as cursor:
                cursor.execute(sql, values)
                if cursor.rowcount != rows:
                    raise SystemExit(f"{cursor.rowcount} rows instead of {rows}: {sql}")
            return rows

        return work

    writes = {name: write(sql, rows) for name, sql in WRITES.items()}
    writes["insert"] = write(FILL[1], DESCRIPTION, above + 1, above + rows)
    writes["delete"] = write(f"DELETE FROM catalog_product WHERE id > {rows}")
    return writes


def _saves() -> int:
    """Products saved one by one with another name, as a merchant does."""
    from catalog.models import Product  # noqa: PLC0415 (after django.setup)

    for product in Product.objects.order_by("id")[:SAVES]:
        product.name = f"{product.name[:60]}."
        product.save()
    return SAVES


def _measured(rows: int, title: str, works: dict[str, Callable[[], int]]) -> dict[str, Any]:
    """Medians of the rounds, with and without triggers by turns, and what the triggers add."""
    cpu: dict[tuple[str, bool], list[float]] = {(name, side): [] for name in works for side in (False, True)}
    wall: dict[tuple[str, bool], list[float]] = {key: [] for key in cpu}
    turns = [(number, side) for number in range(ROUNDS) for side in (False, True)]
    for number, side in tqdm(turns, title, file=sys.stderr, leave=False):
        is_noted = side is (number % 2 == 0)
        with _noting(is_noted):
            for name, work in works.items():
                spent, began = _cpu(), time.perf_counter()
                units = work()
                wall[name, is_noted].append((time.perf_counter() - began) / units)
                cpu[name, is_noted].append((_cpu() - spent) / units)
                _tidy()
    return {name: _told(name, cpu, wall) for name in works}


def _told(
    name: str, cpu: dict[tuple[str, bool], list[float]], wall: dict[tuple[str, bool], list[float]]
) -> dict[str, float]:
    """One kind of write: ms a save, µs a row of the others."""
    unit = 1e3 if name == "save" else 1e6
    without, noted = statistics.median(cpu[name, False]), statistics.median(cpu[name, True])
    budget = BUDGETS.get(name.partition("_")[0])
    return {
        "without": round(without * unit, 3),
        "noted": round(noted * unit, 3),
        "adds": round((noted - without) * unit, 3),
        "adds_wall": round(
            (statistics.median(wall[name, True]) - statistics.median(wall[name, False])) * unit, 3
        ),
        **({"of_budget": round((noted - without) * unit / budget, 2)} if budget else {}),
    }


@contextlib.contextmanager
def _noting(is_on: bool) -> Iterator[None]:
    """The triggers that note; what else the tables do for themselves they always do."""
    if is_on:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE 'pgtrigger_noted_%'"
        )
        triggers = cursor.fetchall()
        for name, table in triggers:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
        yield
        for name, table in triggers:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {name}")


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
