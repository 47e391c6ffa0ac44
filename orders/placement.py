"""place_order(): what somebody agreed to becomes an order, and the stock is promised to it."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Field, JSONField, Model
from psycopg.types.json import Jsonb

from catalog import stock
from orders import marking
from orders.drafts import Draft, attempt_row, line_row, order_row
from orders.models import Order, OrderEvent, OrderLine, Payment
from orders.models.order import FIRST_NUMBER
from shop.postgresql.base import prepared_cursor

PLACED_ORDER = "placed_order"  # session: the order this browser has just placed


class Placed(NamedTuple):
    """An order, and the attempt to pay it that was written with it: none if the order was there before."""

    order: Order
    attempt: Payment | None = None


def place_order(draft: Draft) -> Order:
    """place() in a transaction of its own, and in another one if what is wanted has to be gathered."""
    try:
        with transaction.atomic():
            return place(draft).order
    except stock.Scattered:
        with transaction.atomic():
            return place(draft, gathers=True).order


def place(draft: Draft, *, gathers: bool = False) -> Placed:
    """The order, its lines, first event and first attempt, and after them the stock: in one statement, unless
    it gathers.

    In a transaction that must be rolled back if this raises: catalog.stock.OutOfStock if something is not
    there; catalog.stock.Scattered if it lies in several places, and is to be gathered in another transaction.
    A placement key that has an order already gives that order, and takes no stock.
    """
    wanted = Counter[int]()
    for line in draft.lines:
        wanted[line.variant_id] += line.quantity
    placed = _write(draft, None if gathers else stock.AtOnce(wanted))
    if placed is None:
        return Placed(Order.objects.get(placement_key=draft.placement_key))
    if gathers:
        stock.reserve(wanted, reference=placed.order.number)
    marking.after_commit(placed.order.customer_id)
    return placed


_INSERT = """
    WITH placed AS (
        INSERT INTO {orders} ({order_columns}) VALUES ({order_values})
        ON CONFLICT (placement_key) DO NOTHING
        RETURNING id, placed_at, reserved_until
    ), lines AS (
        INSERT INTO {lines} (order_id, {line_columns})
        SELECT placed.id, {line_selected}
        FROM placed, jsonb_to_recordset(%(lines)s::jsonb) AS line({line_types}, place int)
        ORDER BY line.place
        RETURNING variant_id, quantity
    ), events AS (
        INSERT INTO {events} (order_id, kind, note, at) SELECT id, 'placed', '', now() FROM placed
        RETURNING id
    )"""
_AND_BEGIN = """
    , begun AS (
        INSERT INTO {payments} ({columns}) SELECT {values} FROM placed, events
        RETURNING {told}
    )"""
# The stock comes last: rows that many buyers want are locked for as short as can be. To count the last of the
# others has them all written before, so that a feed tells of the order first, and then of its stock.
_AND_RESERVE = """
    , wanted AS (
        SELECT variant_id, sum(quantity)::int AS quantity
        FROM lines WHERE (SELECT count(*) FROM {last}) = 1 GROUP BY variant_id
    ), cause AS (SELECT 'D' || {first} + id AS reference FROM placed)"""
_NEAR = "(SELECT jsonb_object_agg(variant_id, near) FROM done)"

# By the database's clock: machines' own may differ.
_SAID_OF_ORDERS = {"placed_at": "now()", "reserved_until": "now() + %(reserved_until)s * interval '1 minute'"}
_SAID_OF_ATTEMPTS = {
    "order_id": "placed.id",
    "idempotency_key": "%(begun_idempotency_key)s::text || '-order-' || placed.id || '-1'",
    "confirming_until": "now() + %(begun_confirming_until)s::interval",
    "created_at": "now()",
}
_TOLD = ("id", "idempotency_key", "confirming_until", "created_at")


# To work it out at each order took longer than the database did.
@cache
def _columns(model: type[Model]) -> "tuple[Field[Any, Any], ...]":
    return tuple(column for column in model._meta.concrete_fields if not column.primary_key)


def write(draft: Draft) -> Order | None:
    """The order's rows, without stock; None if its placement key is taken. Call it in a transaction."""
    placed = _write(draft, None)
    return placed and placed.order


def _write(draft: Draft, reservation: stock.AtOnce | None) -> Placed | None:
    order = _row(Order, order_row(draft) | {"reserved_until": settings.RESERVATION_MINUTES})
    attempt = _row(Payment, attempt_row(draft)) if draft.attempt else {}
    values = order | {f"begun_{name}": value for name, value in attempt.items()}
    values = {name: Jsonb(value) if name in _json() else value for name, value in values.items()}
    values["lines"] = Jsonb([line_row(line) | {"place": place} for place, line in enumerate(draft.lines)])
    if reservation is not None:
        values |= reservation.values
    with prepared_cursor(connection) as cursor:
        cursor.execute(_statement(bool(attempt), reservation is not None), values)
        written = cursor.fetchone()
    if written is None:
        return None
    near, *said = written
    if reservation is not None:
        reservation.judge({int(pk): is_near for pk, is_near in json.loads(near or "{}").items()})
    placed: Order = _made(Order, order, ("id", "placed_at", "reserved_until"), said)
    if not attempt:
        return Placed(placed)
    begun: Payment = _made(Payment, attempt | {"order_id": placed.pk}, _TOLD, said[3:])
    begun.order = placed
    return Placed(placed, begun)


def _row(model: type[Model], values: dict[str, Any]) -> dict[str, Any]:
    return {column.attname: column.get_default() for column in _columns(model)} | values


def _made(model: type[Model], row: Mapping[str, Any], told: Iterable[str], values: Iterable[Any]) -> Any:
    """The object of a row that was written, with what the database has said of it."""
    row = dict(row) | dict(zip(told, values, strict=False))
    names = [column.attname for column in model._meta.concrete_fields]
    return model.from_db(connection.alias, names, [row[name] for name in names])


@cache
def _json() -> frozenset[str]:
    return frozenset(column.attname for column in _columns(Order) if isinstance(column, JSONField))


@cache
def _statement(begins: bool, reserves: bool) -> str:
    """The columns follow from the models."""
    lines = [column for column in _columns(OrderLine) if column.name != "order"]
    names = [_quoted(column) for column in lines]
    said = {column.attname: f"%({column.attname})s" for column in _columns(Order)} | _SAID_OF_ORDERS
    parts = [
        _INSERT.format(
            orders=Order._meta.db_table,
            lines=OrderLine._meta.db_table,
            events=OrderEvent._meta.db_table,
            order_columns=", ".join(map(_quoted, _columns(Order))),
            order_values=", ".join(said.values()),
            line_columns=", ".join(names),
            line_selected=", ".join(f"line.{name}" for name in names),
            line_types=", ".join(
                f"{name} {column.db_type(connection)}" for name, column in zip(names, lines, strict=True)
            ),
        )
    ]
    if begins:
        parts.append(_beginning())
    if reserves:
        last = "begun" if begins else "events"
        parts += [_AND_RESERVE.format(first=FIRST_NUMBER, last=last), stock.AtOnce.ctes]
    begun = ", begun." + ", begun.".join(_TOLD) if begins else ""
    near = _NEAR if reserves else "NULL"
    parts.append(f" SELECT {near}, placed.*{begun} FROM placed{', begun' if begins else ''}")  # noqa: S608 (ours)
    return "".join(parts)


def _beginning() -> str:
    columns = _columns(Payment)
    said = {
        column.attname: f"%(begun_{column.attname})s::{column.db_type(connection)}" for column in columns
    } | _SAID_OF_ATTEMPTS
    return _AND_BEGIN.format(
        payments=Payment._meta.db_table,
        columns=", ".join(map(_quoted, columns)),
        values=", ".join(said.values()),
        told=", ".join(_TOLD),
    )


def _quoted(column: "Field[Any, Any]") -> str:
    return str(connection.ops.quote_name(str(column.column)))
