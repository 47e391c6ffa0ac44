"""Orders placed by the function, and the same rows written by hand: goods spread, and all wanting one thing.

Each order has three lines. By hand: one statement a row, in pgbench, without Python, against the same
database in the same run. `split`: the hot one lies in buckets, as it does a second after a rush began.
`limited`: goods spread, and all with one voucher that counts its uses; `unlimited`: with one that does not.
"""

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import connection, models

from bench.place import CLONE
from shop.embedded.postgres import bundled_programs

if TYPE_CHECKING:
    from orders.drafts import Draft

PROCESSES, THREADS = 2, 4  # that place orders: a shop's web workers on this machine
CLIENTS = PROCESSES * THREADS  # connections, of pgbench too
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
    """
    INSERT INTO checkout_promotion (id, name, note, kind, percent, needs_code, is_for_first_order, is_active,
        scope, takes_reduced, priority, stacking, source)
    VALUES (1, 'Spring', '', 'percent', 10, true, false, true, 'all', true, 10, 'together', '')
    """,
    """
    INSERT INTO checkout_voucher (id, promotion_id, code, folded, batch, "limit", limit_each, used, is_active,
        created_at)
    VALUES (1, 1, 'SPRING', 'SPR1NG', '', 2000000000, 1, 0, true, now()),
        (2, 1, 'SUMMER', 'SUMMER', '', NULL, 1, 0, true, now())
    """,
)
VOUCHERS = {"limited": 1, "unlimited": 2}  # its key, of what wants say

TAKE = "UPDATE catalog_stock SET reserved = reserved + 1 WHERE variant_id = {v} AND on_hand - reserved >= 1;"


def fill(goods: int = GOODS, level: int = LEVEL) -> None:
    """A catalogue of so many things and nothing sold, whatever was there before."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # invoices may not be emptied else
        cursor.execute(
            "TRUNCATE catalog_product, catalog_taxclass, catalog_zone, catalog_stockmovement, orders_order,"
            " outbox_message, changes_change, checkout_cart, checkout_promotion, checkout_vouchercustomer,"
            " checkout_promotionuse RESTART IDENTITY CASCADE"
        )
        cursor.execute("SET session_replication_role = origin")
        for statement in FILL:
            cursor.execute(statement.format(goods=goods, level=level))
        cursor.execute("TRUNCATE changes_change")
        cursor.execute("VACUUM (ANALYZE)")


class Placers:
    """Processes that place orders, started once: Django takes a second to begin, and a turn four."""

    def __enter__(self) -> "Placers":
        self._workers = [
            subprocess.Popen(
                [sys.executable, "-m", "bench.placing", str(number)],
                cwd=CLONE,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for number in range(PROCESSES)
        ]
        self._answers()  # they are ready
        return self

    def __exit__(self, *_exception: object) -> None:
        for worker in self._workers:
            assert worker.stdin
            worker.stdin.close()
            worker.wait()

    def rate(self, seconds: float, wants: str) -> float:
        """Orders a second that all of them place together."""
        for worker in self._workers:
            assert worker.stdin
            worker.stdin.write(f"{seconds} {wants}\n")
            worker.stdin.flush()
        return sum(int(placed) / float(took) for placed, took in self._answers())

    def _answers(self) -> list[list[str]]:
        found = [worker.stdout.readline().split() for worker in self._workers if worker.stdout]
        if not all(found):
            raise SystemExit("A process that places orders has failed, see above.")
        return found


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
    from orders.drafts import attempt_row, line_row, order_row  # noqa: PLC0415 (the very same rows)
    from orders.models import Order, OrderEvent, OrderLine, Payment  # noqa: PLC0415

    example = draft([1, 2, 3], "bench")
    third = GOODS // 3
    for number in (1, 2, 3):  # in the order of primary keys: by hand one takes care of that too
        drawn = f"random({max(HOT + 1, (number - 1) * third + 1)}, {number * third})"
        yield f"\\set v{number} {HOT if wants == 'hot' and number == 1 else drawn}"
    yield "\\set key random(1, 9000000000000000000)"
    yield "BEGIN;"
    key = "'hand-' || :client_id || '-' || :key"
    order = _literals(Order, order_row(example)) | {"placement_key": key, "placed_at": "now()"}
    order["reserved_until"] = "now() + interval '30 minutes'"
    yield f"{_insert(Order, order)} RETURNING id AS made \\gset"
    for number, line in enumerate(example.lines, 1):
        row = _literals(OrderLine, line_row(line)) | {"order_id": ":made", "variant_id": f":v{number}"}
        yield f"{_insert(OrderLine, row)};"
    event = {"order_id": ":made", "kind": "'placed'", "note": "''", "at": "now()"}
    yield f"{_insert(OrderEvent, event)};"
    payment = _literals(Payment, attempt_row(example)) | {"order_id": ":made", "created_at": "now()"}
    payment["idempotency_key"] = f"{key} || '-order-' || :made || '-1'"
    yield f"{_insert(Payment, payment)};"
    for number in (1, 2, 3):
        yield TAKE.replace("{v}", f":v{number}")
        moved = {"variant_id": f":v{number}", "kind": "'reserved'", "on_hand_change": "0"}
        moved |= {"reserved_change": "1", "reference": "'D' || :made", "note": "''", "at": "now()"}
        yield f"{_insert(StockMovement, moved)};"
    yield "COMMIT;"


def _literals(model: type[models.Model], row: Mapping[str, Any]) -> dict[str, str]:
    """Its columns as SQL says them, with the model's defaults for those that the row lacks."""
    with connection.cursor() as cursor:
        return {
            str(field.column): cursor.cursor.mogrify(
                "%s", [field.get_db_prep_save(row.get(field.attname, field.get_default()), connection)]
            )
            for field in model._meta.concrete_fields
            if not field.primary_key
        }


def _insert(model: type[models.Model], row: Mapping[str, Any]) -> str:
    columns, values = ", ".join(row), ", ".join(row.values())
    return f"INSERT INTO {model._meta.db_table} ({columns}) VALUES ({values})"  # noqa: S608 (a script of ours)


def place_for(seconds: float, wants: str, seed: int) -> tuple[int, float]:
    """Places orders in THREADS threads; how many, and in how many seconds."""
    from bench.drafts import draft  # noqa: PLC0415
    from orders.placement import place_order  # noqa: PLC0415

    place_one = _with_voucher(VOUCHERS[wants]) if wants in VOUCHERS else place_order
    began = time.perf_counter()

    def place(thread: int) -> int:
        dice, placed = random.Random(seed + thread), 0
        prefix = f"{os.getpid()}-{thread}-{time.time_ns()}"
        while time.perf_counter() - began < seconds:
            ids = dice.sample(range(HOT + 1, GOODS + 1), 3)
            place_one(draft([HOT, *ids[1:]] if wants == "hot" else ids, f"{prefix}-{placed}"))
            placed += 1
        return placed

    placed = sum(_threads().map(place, range(THREADS)))
    return placed, time.perf_counter() - began


def _with_voucher(pk: int) -> Callable[["Draft"], object]:
    """As checkout.completion does it: the voucher is used first, in the transaction that places."""
    from django.db import transaction  # noqa: PLC0415

    from checkout import vouchers  # noqa: PLC0415
    from checkout.models import Voucher  # noqa: PLC0415
    from checkout.promotions import Given, Rule  # noqa: PLC0415
    from orders.placement import place  # noqa: PLC0415

    voucher = Voucher.objects.get(pk=pk)  # a cart's quote has read it by then
    rule = Rule(id=1, name="Spring", kind="percent", code=voucher.code)

    def place_one(wanted: "Draft") -> None:
        with transaction.atomic():
            vouchers.use(
                [Given(rule, wanted.discount, {})],
                voucher,
                placement_key=wanted.placement_key,
                customer_id=None,
                email=f"{wanted.placement_key}@example.com",
                total=wanted.total,
            )
            place(wanted)

    return place_one


@cache
def _threads() -> ThreadPoolExecutor:
    """Kept, each with its connection."""
    return ThreadPoolExecutor(THREADS)


if __name__ == "__main__":
    import django

    django.setup()
    connection.ensure_connection()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for turn, line in enumerate(sys.stdin):
        seconds, wants = line.split()
        placed, took = place_for(float(seconds), wants, 100 * int(sys.argv[1]) + turn)
        sys.stdout.write(f"{placed} {took}\n")
        sys.stdout.flush()
