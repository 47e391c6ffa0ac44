"""place_order(): what somebody agreed to becomes an order, and the stock is promised to it."""

import json
from collections import Counter
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection, models, transaction
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.utils import timezone
from psycopg.types.json import Jsonb

from accounts.models import User
from catalog import stock
from orders import marking
from orders.drafts import Draft, line_row, order_row
from orders.models import Order, OrderEvent, OrderLine
from orders.models.order import FIRST_NUMBER
from orders.queries import FRESH
from shop.postgresql.base import prepared_cursor

PLACED_ORDER = "placed_order"  # session: the order this browser has just placed


def place_order(draft: Draft) -> Order:
    """The order, its lines and its first event, and after them the stock, in one statement.

    catalog.stock.OutOfStock if something is not there, and nothing has happened. A placement key that has an
    order already gives that order, and takes no stock.
    """
    wanted = Counter[int]()
    for line in draft.lines:
        wanted[line.variant_id] += line.quantity
    try:
        with transaction.atomic():
            order = _write(draft, stock.AtOnce(wanted))
    except stock.Scattered:
        with transaction.atomic():
            order = write(draft)
            if order is not None:
                stock.reserve(wanted, reference=order.number)
    if order is None:
        return Order.objects.get(placement_key=draft.placement_key)
    marking.after_commit(order.customer_id)
    return order


def claim(sender: Any, request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    """At login or registration the order this browser has just placed as a guest joins the account.

    Only with the account's own address: the next one to log in here may be somebody else. Other orders with
    that address join once it is confirmed, which is seen to here as well: they may be newer than that.
    """
    claim_confirmed(user)
    session = getattr(request, "session", None)
    if session is None or PLACED_ORDER not in session:
        return
    fresh = _unclaimed(user.email).filter(placed_at__gt=timezone.now() - FRESH)
    _claim(user, fresh.filter(pk=session.pop(PLACED_ORDER)))


def claim_confirmed(user: User) -> None:
    """The guest orders with an account's address are its own, if the address is: anybody can register it."""
    if user.is_confirmed:
        _claim(user, _unclaimed(user.email))


@transaction.atomic
def _claim(user: User, orders: models.QuerySet[Order]) -> None:
    """In pk order: who confirms an address in one browser may log in with another."""
    found = list(orders.select_for_update().order_by("pk").values_list("pk", flat=True))
    if found:
        Order.objects.filter(pk__in=found).update(customer=user)
        marking.after_commit(user.pk)


def _unclaimed(email: str) -> models.QuerySet[Order]:
    return Order.objects.alias(folded=Lower("email")).filter(customer=None, folded=email.lower())


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
# The stock comes last: rows that many buyers want are locked for as short as can be. To count the events has
# them all written before, so that a feed tells of the order first, and then of its stock.
_AND_RESERVE = """
    , wanted AS (
        SELECT variant_id, sum(quantity)::int AS quantity
        FROM lines WHERE (SELECT count(*) FROM events) = 1 GROUP BY variant_id
    ), cause AS (SELECT 'D' || {first} + id AS reference FROM placed)"""
_WRITTEN = "SELECT id, placed_at, reserved_until FROM placed"
_AND_RESERVED = """
    SELECT id, placed_at, reserved_until, (SELECT jsonb_object_agg(variant_id, near) FROM done) FROM placed"""

# By the database's clock: machines' own may differ.
_SAID_BY_IT = {"placed_at": "now()", "reserved_until": "now() + %(reserved_until)s * interval '1 minute'"}
# To work them out at each order took longer than the database did.
_columns = cache(lambda: tuple(field for field in Order._meta.concrete_fields if not field.primary_key))
_json = cache(lambda: frozenset(field.attname for field in _columns() if isinstance(field, models.JSONField)))


def write(draft: Draft) -> Order | None:
    """The order's rows, without stock; None if its placement key is taken. Call it in a transaction."""
    return _write(draft, None)


def _write(draft: Draft, reservation: stock.AtOnce | None) -> Order | None:
    row = {column.attname: column.get_default() for column in _columns()} | order_row(draft)
    row["reserved_until"] = settings.RESERVATION_MINUTES
    values = {name: Jsonb(value) if name in _json() else value for name, value in row.items()}
    values["lines"] = Jsonb([line_row(line) | {"place": place} for place, line in enumerate(draft.lines)])
    if reservation is not None:
        values |= reservation.values
    with prepared_cursor(connection) as cursor:
        cursor.execute(_statement(reservation is not None), values)
        written = cursor.fetchone()
    if written is None:
        return None
    if reservation is not None:
        near = json.loads(written[3] or "{}")
        reservation.judge({int(pk): is_near for pk, is_near in near.items()})
    row["id"], row["placed_at"], row["reserved_until"] = written[:3]
    names = [column.attname for column in Order._meta.concrete_fields]
    return Order.from_db(connection.alias, names, [row[name] for name in names])


@cache
def _statement(reserves: bool) -> str:
    """The columns follow from the models."""
    lines = [column for column in OrderLine._meta.concrete_fields if column.name not in {"id", "order"}]
    names = [_quoted(column) for column in lines]
    insert = _INSERT.format(
        orders=Order._meta.db_table,
        lines=OrderLine._meta.db_table,
        events=OrderEvent._meta.db_table,
        order_columns=", ".join(map(_quoted, _columns())),
        order_values=", ".join(_SAID_BY_IT.get(name, f"%({name})s") for name in _names()),
        line_columns=", ".join(names),
        line_selected=", ".join(f"line.{name}" for name in names),
        line_types=", ".join(
            f"{name} {column.db_type(connection)}" for name, column in zip(names, lines, strict=True)
        ),
    )
    if not reserves:
        return insert + _WRITTEN
    return insert + _AND_RESERVE.format(first=FIRST_NUMBER) + stock.AtOnce.ctes + _AND_RESERVED


def _names() -> list[str]:
    return [column.attname for column in _columns()]


def _quoted(column: models.Field) -> str:
    return str(connection.ops.quote_name(str(column.column)))
