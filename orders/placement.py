"""Draft and place_order(): what somebody agreed to becomes an order, and the stock is promised to it."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models, transaction
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from catalog import stock
from orders import marking
from orders.models import Order, OrderEvent, OrderLine
from orders.queries import FRESH
from shop.money import Money

PLACED_ORDER = "placed_order"  # session: the order this browser has just placed


@dataclass(frozen=True)
class DraftLine:
    """One thing to be sold, as it is called and priced now; `discount` is its share of the order's."""

    variant_id: int
    name: str
    quantity: int
    unit: Money
    tax_rate: Decimal
    discount: Money | None = None
    options: str = ""
    sku: str = ""
    slug: str = ""
    picture: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Draft:
    """Everything an order copies. A second draft with the same `placement_key` is the same order."""

    placement_key: str
    market: str
    language: str
    email: str
    address: Mapping[str, str]  # the parts of accounts.models.PostalFields
    lines: tuple[DraftLine, ...]
    subtotal: Money
    discount: Money
    delivery: Money
    tax: Money
    total: Money
    taxes: tuple[tuple[Decimal, Money, Money], ...]  # rate, net, tax
    delivery_name: str
    delivery_carrier: str
    delivery_tax_rate: Decimal
    promised_from: date | None = None
    promised_until: date | None = None
    customer_id: int | None = None
    prices_include_tax: bool = True  # else the tax comes on top
    vat_number: str = ""
    is_reverse_charged: bool = False
    discounts: tuple[tuple[str, str, Money], ...] = ()  # name, code of the voucher if it took one, amount


def place_order(draft: Draft) -> Order:
    """The order, its lines and its first event in one statement, then the stock in the last.

    catalog.stock.OutOfStock if something is not there, and nothing has happened. A placement key that has an
    order already gives that order, and takes no stock.
    """
    with transaction.atomic():
        order = _write(draft)
        if order is None:
            return Order.objects.get(placement_key=draft.placement_key)
        wanted = Counter[int]()
        for line in draft.lines:
            wanted[line.variant_id] += line.quantity
        # The last statement: rows that many buyers want are locked for as short as can be.
        stock.reserve(wanted, reference=order.number)
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


def _claim(user: User, orders: models.QuerySet[Order]) -> None:
    if orders.update(customer=user):
        marking.after_commit(user.pk)


def _unclaimed(email: str) -> models.QuerySet[Order]:
    return Order.objects.alias(folded=Lower("email")).filter(customer=None, folded=email.lower())


def order_of(draft: Draft) -> Order:
    """Its row, not written."""
    return Order(
        placement_key=draft.placement_key,
        market=draft.market,
        language=draft.language,
        currency=draft.total.currency,
        customer_id=draft.customer_id,
        email=draft.email,
        subtotal=draft.subtotal.amount,
        discount=draft.discount.amount,
        delivery=draft.delivery.amount,
        tax=draft.tax.amount,
        total=draft.total.amount,
        taxes=[
            {"rate": str(rate), "net": str(net.amount), "tax": str(tax.amount)}
            for rate, net, tax in draft.taxes
        ],
        delivery_name=draft.delivery_name,
        delivery_carrier=draft.delivery_carrier,
        delivery_tax_rate=draft.delivery_tax_rate,
        promised_from=draft.promised_from,
        promised_until=draft.promised_until,
        prices_include_tax=draft.prices_include_tax,
        vat_number=draft.vat_number,
        is_reverse_charged=draft.is_reverse_charged,
        discounts=[
            {"name": name, "code": code, "amount": str(amount.amount)}
            for name, code, amount in draft.discounts
        ],
        **draft.address,
    )


def line_of(line: DraftLine) -> OrderLine:
    """Its row, of no order yet."""
    return OrderLine(
        variant_id=line.variant_id,
        name=line.name,
        options=line.options,
        sku=line.sku,
        slug=line.slug,
        picture=dict(line.picture),
        quantity=line.quantity,
        unit_price=line.unit.amount,
        tax_rate=line.tax_rate,
        total=(line.unit * line.quantity).amount,
        discount=line.discount.amount if line.discount else Decimal(0),
    )


_INSERT = """
    WITH placed AS (
        INSERT INTO {orders} ({order_columns}) VALUES ({order_values})
        ON CONFLICT (placement_key) DO NOTHING
        RETURNING id, reserved_until
    ), lines AS (
        INSERT INTO {lines} (order_id, {line_columns})
        SELECT placed.id, {line_selected}
        FROM placed, jsonb_to_recordset(%s::jsonb) AS line({line_types}, place int)
        ORDER BY line.place
    ), events AS (
        INSERT INTO {events} (order_id, kind, note, at) SELECT id, 'placed', '', now() FROM placed
    )
    SELECT id, reserved_until FROM placed
"""
# By the database's clock, as it ends: machines' own may differ.
RESERVED, _UNTIL = "reserved_until", "now() + %s * interval '1 minute'"


def _write(draft: Draft) -> Order | None:
    """The order's rows; None if its placement key is taken. The columns follow from the models."""
    order = order_of(draft)
    rows = [
        {column.column: _plain(column, line) for column in _columns(OrderLine)} | {"place": place}
        for place, line in enumerate(map(line_of, draft.lines))
    ]
    values = [
        settings.RESERVATION_MINUTES if column.name == RESERVED else _stored(column, order)
        for column in _columns(Order)
    ]
    with connection.cursor() as cursor:
        cursor.execute(_statement(), [*values, json.dumps(rows, cls=DjangoJSONEncoder)])
        row = cursor.fetchone()
    if row is None:
        return None
    order.pk, order.reserved_until = row
    order._state.adding, order._state.db = False, connection.alias
    return order


@cache
def _statement() -> str:
    """Worked out once: to do so at each order took longer than the database did."""
    names = [_quoted(column) for column in _columns(OrderLine)]
    return _INSERT.format(
        orders=Order._meta.db_table,
        lines=OrderLine._meta.db_table,
        events=OrderEvent._meta.db_table,
        order_columns=", ".join(map(_quoted, _columns(Order))),
        order_values=", ".join(_UNTIL if column.name == RESERVED else "%s" for column in _columns(Order)),
        line_columns=", ".join(names),
        line_selected=", ".join(f"line.{name}" for name in names),
        line_types=", ".join(
            f"{name} {column.db_type(connection)}"
            for name, column in zip(names, _columns(OrderLine), strict=True)
        ),
    )


@cache
def _columns(model: type[models.Model]) -> tuple[models.Field, ...]:
    """Those that are written, without the key and what a line gets from its order."""
    return tuple(
        column for column in model._meta.concrete_fields if not column.primary_key and column.name != "order"
    )


def _quoted(column: models.Field) -> str:
    return str(connection.ops.quote_name(str(column.column)))


def _stored(column: models.Field, instance: models.Model) -> Any:
    """What the ORM would send."""
    return column.get_db_prep_save(column.pre_save(instance, add=True), connection)


def _plain(column: models.Field, instance: models.Model) -> Any:
    """What JSON can hold of it: JSON fields as they are, all else as the ORM would send it."""
    if isinstance(column, models.JSONField):
        return getattr(instance, column.attname)
    return _stored(column, instance)
