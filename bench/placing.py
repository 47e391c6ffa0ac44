"""Orders placed by the function, and the same rows written by hand: goods spread, and all wanting one thing.

Each order has three lines. By hand: one statement a row, in pgbench, without Python, against the same
database in the same run. `split`: the hot one lies in buckets, as it does a second after a rush began.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.db import connection, models

from bench.place import CLONE
from shop.embedded.postgres import bundled_programs

CLIENTS = 8  # processes that place orders, and connections of pgbench
GOODS = 3_000
HOT = 1  # the variant that everybody wants
LEVEL = 1_000_000  # so many lie there of each
FILL = (
    "INSERT INTO catalog_taxclass (code, name) VALUES ('standard', 'Standard')",
    """
    INSERT INTO catalog_product (name, slug, kind, series, brand, summary, description, care, tax_class_id,
        is_published, published_at, popularity, external_id, created_at, updated_at)
    SELECT 'Low hills ' || n, 'low-hills-' || n, 'Poster', 'Hills', 'Deckle', '', '', '',
        (SELECT id FROM catalog_taxclass), true, now(), 0, 'bench:' || n, now(), now()
    FROM generate_series(1, {goods}) n
    """,
    """
    INSERT INTO catalog_variant (product_id, sku, barcode, position, weight_grams, is_active, availability)
    SELECT p.id, 'SKU-' || p.id, '', 0, 200, true, 'in' FROM catalog_product p
    """,
    """
    INSERT INTO catalog_price (variant_id, currency, amount, includes_tax)
    SELECT v.id, 'EUR', 38, true FROM catalog_variant v
    """,
    """
    INSERT INTO catalog_stock (variant_id, on_hand, reserved, low_at, is_tracked, is_split)
    SELECT id, {level}, 0, 3, true, false FROM catalog_variant
    """,
)

TAKE = "UPDATE catalog_stock SET reserved = reserved + 1 WHERE variant_id = {v} AND on_hand - reserved >= 1;"


def fill(goods: int = GOODS, level: int = LEVEL) -> None:
    """A catalogue of so many things and nothing sold, whatever was there before."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # invoices may not be emptied else
        cursor.execute(
            "TRUNCATE catalog_product, catalog_taxclass, catalog_stockmovement, orders_order, outbox_message,"
            " changes_change, checkout_cart RESTART IDENTITY CASCADE"
        )
        cursor.execute("SET session_replication_role = origin")
        for statement in FILL:
            cursor.execute(statement.format(goods=goods, level=level))
        cursor.execute("TRUNCATE changes_change")
        cursor.execute("VACUUM (ANALYZE)")


def by_function(seconds: float, wants: str) -> float:
    """Orders a second that so many processes place."""
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.placing", str(seconds), wants, str(number)],
            cwd=CLONE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(CLIENTS)
    ]
    pipes = [(worker.stdin, worker.stdout) for worker in workers]
    for _to, back in pipes:
        assert back
        back.readline()  # it is ready
    for to, _back in pipes:
        assert to
        to.close()  # all begin now
    told = [back.read().split() for _to, back in pipes if back]
    for worker in workers:
        worker.wait()
    if any(worker.returncode for worker in workers):
        raise SystemExit("A process that places orders has failed, see above.")
    return sum(int(placed) / float(took) for placed, took in told)


def by_hand(seconds: float, wants: str, folder: Path, database: str, mode: str) -> float:
    """Transactions a second of the same rows, statement by statement. mode: pgbench's -M."""
    script = folder / f"{wants}.sql"
    script.write_text("\n".join(_script(wants)))
    programs = bundled_programs()
    program = str(programs / "pgbench") if programs else "pgbench"
    told = subprocess.run(
        [
            program,
            "-n",
            "-M",
            mode,
            "-c",
            str(CLIENTS),
            "-j",
            "2",
            "-T",
            str(int(seconds)),
            "-f",
            str(script),
            database,
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    (line,) = (line for line in told.splitlines() if line.startswith("tps"))
    return float(line.split()[2])


def _script(wants: str) -> Iterator[str]:
    """The statements of one order, as somebody writes them who knows the tables."""
    from bench.drafts import draft  # noqa: PLC0415 (models need settings)
    from catalog.models import StockMovement  # noqa: PLC0415
    from orders.models import Order, OrderEvent, OrderLine  # noqa: PLC0415
    from orders.placement import line_of, order_of  # noqa: PLC0415 (the very same rows)

    example = draft([1, 2, 3], "bench")
    third = GOODS // 3
    for number in (1, 2, 3):  # in the order of primary keys: by hand one takes care of that too
        drawn = f"random({max(HOT + 1, (number - 1) * third + 1)}, {number * third})"
        yield f"\\set v{number} {HOT if wants == 'hot' and number == 1 else drawn}"
    yield "\\set key random(1, 9000000000000000000)"
    yield "BEGIN;"
    key = "'hand-' || :client_id || '-' || :key"
    order = _literals(order_of(example)) | {"placement_key": key, "placed_at": "now()"}
    order["reserved_until"] = "now() + interval '30 minutes'"
    yield f"{_insert(Order, order)} RETURNING id AS made \\gset"
    for number, line in enumerate(example.lines, 1):
        row = _literals(line_of(line)) | {"order_id": ":made", "variant_id": f":v{number}"}
        yield f"{_insert(OrderLine, row)};"
    event = {"order_id": ":made", "kind": "'placed'", "note": "''", "at": "now()"}
    yield f"{_insert(OrderEvent, event)};"
    for number in (1, 2, 3):
        yield TAKE.replace("{v}", f":v{number}")
        moved = {"variant_id": f":v{number}", "kind": "'reserved'", "on_hand_change": "0"}
        moved |= {"reserved_change": "1", "reference": "'D' || :made", "note": "''", "at": "now()"}
        yield f"{_insert(StockMovement, moved)};"
    yield "COMMIT;"


def _literals(instance: models.Model) -> dict[str, str]:
    """Its columns as SQL says them."""
    with connection.cursor() as cursor:
        return {
            str(field.column): cursor.cursor.mogrify(
                "%s", [field.get_db_prep_save(field.pre_save(instance, add=True), connection)]
            )
            for field in instance._meta.concrete_fields
            if not field.primary_key
        }


def _insert(model: type[models.Model], row: Mapping[str, Any]) -> str:
    columns, values = ", ".join(row), ", ".join(row.values())
    return f"INSERT INTO {model._meta.db_table} ({columns}) VALUES ({values})"  # noqa: S608 (a script of ours)


def place_for(seconds: float, wants: str, seed: int) -> tuple[int, float]:
    """Places orders one after the other; how many, and in how many seconds."""
    import random  # noqa: PLC0415

    from bench.drafts import draft  # noqa: PLC0415
    from orders.placement import place_order  # noqa: PLC0415

    dice, placed, began = random.Random(seed), 0, time.perf_counter()
    prefix = f"{os.getpid()}-{time.time_ns()}"
    while time.perf_counter() - began < seconds:
        ids = dice.sample(range(HOT + 1, GOODS + 1), 3)
        place_order(draft([HOT, *ids[1:]] if wants == "hot" else ids, f"{prefix}-{placed}"))
        placed += 1
    return placed, time.perf_counter() - began


if __name__ == "__main__":
    import django

    django.setup()
    connection.ensure_connection()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()
    placed, took = place_for(float(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
    sys.stdout.write(f"{placed} {took}")
