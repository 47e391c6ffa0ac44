"""The feed: what happens to orders and stock reaches who asked for it, in order."""

import pytest
from django.db import connection, transaction

from catalog import stock
from catalog.models import Variant
from orders import feed, payments, returns, shipments, states
from orders.feed import delivering
from orders.models import FeedDelivery, Order, OrderEvent
from orders.placement import place_order
from shop.outbox import drain, rounds
from shop.outbox.models import Message
from tests.orders.conftest import make_draft
from tests.orders.receiving import Receiver, later, make_endpoint, receiving

pytestmark = pytest.mark.django_db
Status = FeedDelivery.Status


def test_a_placed_order_and_the_stock_it_took_are_told(variant: Variant, erp: Receiver) -> None:
    make_endpoint(erp)
    order = place_order(make_draft((variant, 2)))
    assert feed.deliver() == 2
    placed, moved = (message.said for message in erp.messages)
    assert (placed["type"], moved["type"]) == ("order.placed", "stock.changed")
    told = placed["data"]["order"]
    assert (told["number"], told["status"]) == (order.number, "placed")
    assert told["totals"]["total"] == {"amount": "25.00", "currency": "EUR"}
    assert told["totals"]["tax"] == {"amount": "3.99", "currency": "EUR"}
    (line,) = told["lines"]
    assert (line["quantity"], line["unit_price"]["amount"], line["total"]["amount"]) == (2, "10.00", "20.00")
    assert told["address"]["city"] == "Berlin"
    assert moved["data"]["movement"]["kind"] == "reserved"
    assert moved["data"]["movement"]["reference"] == order.number
    held = moved["data"]["stock"]
    assert (held["sku"], held["on_hand"], held["reserved"], held["available"]) == (variant.sku, 10, 2, 8)


def test_whoever_writes_it_and_however_it_is_told(order: Order, erp: Receiver) -> None:
    make_endpoint(erp)
    states.move(order, Order.Status.PAID)
    states.note_event(order, "payment_late")
    stock.adjust(order.lines.get().variant_id, delta=5)
    stock.adjust_many({order.lines.get().variant_id: 7})
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO orders_orderevent (order_id, kind, note, at) SELECT %s, 'by_hand', '', now()"
            " FROM generate_series(1, 2)",
            [order.pk],
        )
    OrderEvent.objects.bulk_create(OrderEvent(order=order, kind="in_bulk") for _ in range(2))
    told = list(FeedDelivery.objects.order_by("id").values_list("topic", flat=True))
    assert told == [
        *("order.paid", "order.payment_late", "stock.changed", "stock.changed"),
        *("order.by_hand", "order.by_hand", "order.in_bulk", "order.in_bulk"),
    ]


def test_parcels_and_what_came_back_stand_in_the_order(order: Order, erp: Receiver) -> None:
    payments.begin(order, "pays")
    line = order.lines.get()
    shipments.ship(order, {line.pk: 1}, tracking_code="0034")
    make_endpoint(erp, topics=["order.returned"])
    returns.take_back(order, {line.pk: 1}, restock={}, reason="torn")
    assert feed.deliver() == 1
    (message,) = erp.messages
    told, packed = message.said["data"]["order"], {"line": line.pk, "quantity": 1}
    assert [(row["carrier"], row["tracking_code"], row["lines"]) for row in told["shipments"]] == [
        ("DHL", "0034", [packed])
    ]
    assert [(row["reason"], row["lines"]) for row in told["returns"]] == [
        ("torn", [{**packed, "restocked": 0}])
    ]
    assert [(row["lines"], row["amount"]["amount"]) for row in told["refunds"]] == [([packed], "10.00")]
    assert told["given_up"] == []


def test_what_is_rolled_back_is_not_told(order: Order, erp: Receiver) -> None:
    make_endpoint(erp)
    with transaction.atomic():
        states.move(order, Order.Status.PAID)
        transaction.set_rollback(True)
    assert feed.deliver() == 0


def test_a_receiver_is_told_what_it_chose_and_nothing_while_it_is_off(order: Order, erp: Receiver) -> None:
    make_endpoint(erp, ["order.paid", "order.shipped"])
    make_endpoint(erp, is_active=False)
    states.move(order, Order.Status.PAID)
    states.note_event(order, "confirmation_sent")
    states.move(order, Order.Status.SHIPPED)
    feed.deliver()
    assert erp.types() == ["order.paid", "order.shipped"]


def test_an_order_locks_no_row_of_its_receivers(variant: Variant, erp: Receiver) -> None:
    """A foreign key in the database would: and all who order at once would stand in that one row."""
    make_endpoint(erp)
    place_order(make_draft((variant, 1)))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM orders_feedendpoint WHERE xmax <> 0")
        assert cursor.fetchone()[0] == 0
        cursor.execute(
            "SELECT count(*) FROM pg_constraint"
            " WHERE contype = 'f' AND conrelid = 'orders_feeddelivery'::regclass"
        )
        assert cursor.fetchone()[0] == 0


def test_sequences_have_no_gaps_and_go_from_receiver_to_receiver(order: Order, erp: Receiver) -> None:
    with receiving() as wms:
        make_endpoint(erp)
        make_endpoint(wms, ["order.*"])
        for number in range(6):
            states.note_event(order, f"event_{number}")
            stock.adjust(order.lines.get().variant_id, delta=1)
        feed.deliver()
        assert [message.said["sequence"] for message in erp.messages] == list(range(1, 13))
        assert [message.said["sequence"] for message in wms.messages] == list(range(1, 7))
        assert [message.said["type"] for message in wms.messages] == [f"order.event_{n}" for n in range(6)]
        assert erp.connections == wms.connections == 1  # kept open


def test_without_a_receiver_nothing_is_kept_for_one(variant: Variant) -> None:
    place_order(make_draft((variant, 1)))
    assert not FeedDelivery.objects.exists()
    assert not feed.is_due()


def test_the_relay_finds_by_itself_that_somebody_waits(order: Order, erp: Receiver) -> None:
    make_endpoint(erp)
    rounds.look()
    assert not Message.objects.filter(job="orders.send_feed").exists()
    states.note_event(order, "one")
    for _ in range(2):
        rounds.look()
    assert Message.objects.filter(job="orders.send_feed").count() == 1
    drain.drain("feed")
    assert erp.types() == ["order.one"]


def test_two_workers_never_send_to_one_receiver_at_once(order: Order, erp: Receiver) -> None:
    make_endpoint(erp)
    states.note_event(order, "one")
    taken = delivering._take(1)
    assert taken is not None
    assert delivering._take(1) is None
    assert not feed.is_due()
    assert feed.deliver() == 0
    later(seconds=60)  # it died
    assert feed.deliver() == 1


def test_a_test_event_is_sent_whatever_the_receiver_chose(erp: Receiver) -> None:
    endpoint = make_endpoint(erp, ["order.paid"])
    for number in (1, 2):
        assert feed.send_test(endpoint).source_id == number
    feed.deliver()
    assert erp.types() == ["test.hello", "test.hello"]
    assert erp.messages[0].is_signed_with(endpoint.secret)
