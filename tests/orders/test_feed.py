"""The feed: what happens to orders and stock reaches who asked for it, signed, in order, at least once."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from catalog import stock
from catalog.models import Variant
from orders import feed, states
from orders.feed import calling, delivering, signing
from orders.models import FeedDelivery, FeedEndpoint, Order, OrderEvent
from orders.placement import place_order
from shop.outbox import drain, rounds
from shop.outbox.models import Message
from tests.orders.conftest import make_draft
from tests.orders.receiving import Receiver, receiving

pytestmark = pytest.mark.django_db

Status = FeedDelivery.Status
EVERYTHING = ["order.*", "stock.changed"]


@pytest.fixture(autouse=True)
def _at_home(settings: Any) -> None:
    settings.FEED_INSIDE, settings.FEED_TIMEOUT_SECONDS = True, 5


@pytest.fixture
def erp() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def make_endpoint(receiver: Receiver, topics: list[str] = EVERYTHING, **fields: Any) -> FeedEndpoint:
    return FeedEndpoint.objects.create(name="ERP", url=receiver.url, topics=topics, **fields)


def later(**span: float) -> None:
    """So much time goes by for everything that waits."""
    ago = timedelta(**span)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE orders_feeddelivery SET due_at = due_at - %s, queued_at = queued_at - %s,"
            " closed_at = closed_at - %s",
            [ago] * 3,
        )
        cursor.execute(
            "UPDATE orders_feedendpoint SET rest_until = rest_until - %s, failing_since = failing_since - %s,"
            " lease_until = lease_until - %s, former_until = former_until - %s",
            [ago] * 4,
        )


# --- What is noted ---------------------------------------------------------------------------------------


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


# --- How it is signed ------------------------------------------------------------------------------------


def test_every_message_is_signed_as_the_standard_says(order: Order, erp: Receiver) -> None:
    endpoint = make_endpoint(erp)
    states.note_event(order, "confirmation_sent")
    feed.deliver()
    (message,) = erp.messages
    assert message.is_signed_with(endpoint.secret)
    assert not message.is_signed_with("whsec_" + "A" * 43 + "=")
    assert abs(message.timestamp - time.time()) < 10
    assert "." not in message.id
    assert message.headers["Content-Type"] == "application/json"
    forged = type(message)(message.id, message.timestamp, message.signatures, message.body + b" ", {})
    assert not forged.is_signed_with(endpoint.secret)


def test_the_standards_own_example_has_the_standards_signature() -> None:
    secret, message = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek"
    signed = signing.sign(secret, message, "1614265330", b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_new_secret_and_the_one_before_both_sign_for_a_day(order: Order, erp: Receiver) -> None:
    endpoint = make_endpoint(erp)
    before = endpoint.secret
    feed.rotate(endpoint, timezone.now())
    assert endpoint.secret != before
    states.note_event(order, "one")
    feed.deliver()
    assert all(erp.messages[0].is_signed_with(secret) for secret in (before, endpoint.secret))
    later(hours=25)
    states.note_event(order, "two")
    feed.deliver()
    assert erp.messages[1].is_signed_with(endpoint.secret)
    assert not erp.messages[1].is_signed_with(before)


# --- In which order --------------------------------------------------------------------------------------


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


def test_a_body_is_kept_to_itself_where_no_endpoint_is(variant: Variant) -> None:
    place_order(make_draft((variant, 1)))
    assert not FeedDelivery.objects.exists()
    assert not feed.is_due()


# --- When it fails ---------------------------------------------------------------------------------------


def test_a_message_that_failed_comes_again_under_the_same_id(order: Order, erp: Receiver) -> None:
    endpoint = make_endpoint(erp)
    replies = iter([(500, {}, b"<h1>oh\0 no</h1>"), (204, {}, b"")])
    erp.reply = lambda message: next(replies)
    states.note_event(order, "one")
    assert feed.deliver() == 1
    delivery = FeedDelivery.objects.get()
    assert (delivery.status, delivery.attempts, delivery.response_status) == (Status.WAITING, 1, 500)
    assert delivery.error == "<h1>oh no</h1>"
    assert feed.deliver() == 0  # not yet
    later(seconds=6)
    assert feed.deliver() == 1
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts, delivery.response_status) == (Status.DELIVERED, 2, 204)
    first, second = erp.messages
    assert first.id == second.id == delivery.message_id
    assert second.is_signed_with(endpoint.secret)
    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.failing_since, endpoint.rest_until) == (0, None, None)


def test_the_pauses_grow_for_three_days_and_then_it_is_given_up(order: Order, erp: Receiver) -> None:
    make_endpoint(erp)
    erp.reply = lambda message: (422, {}, b"no such SKU")
    states.note_event(order, "one")
    waited = []
    while FeedDelivery.objects.get().status == Status.WAITING:
        assert feed.deliver() == 1
        delivery = FeedDelivery.objects.get()
        if delivery.status == Status.WAITING:
            waited.append((delivery.due_at - timezone.now()).total_seconds())
            later(seconds=waited[-1] + 1)
    assert delivery.status == Status.FAILED
    assert delivery.closed_at is not None
    assert len(erp.messages) == len(feed.PAUSES) + 1 == 10
    assert all(before < after for before, after in pairwise(waited))
    assert 3 * 86_400 * 0.9 < sum(waited) < 4 * 86_400


def test_one_message_that_is_not_understood_keeps_no_other_waiting(order: Order, erp: Receiver) -> None:
    make_endpoint(erp)
    erp.reply = lambda message: (422 if message.said["type"] == "order.bad" else 204, {}, b"")
    for kind in ("good", "bad", "good", "good"):
        states.note_event(order, kind)
    assert feed.deliver() == 4
    assert FeedDelivery.objects.filter(status=Status.DELIVERED).count() == 3


def test_who_is_not_well_is_left_alone_and_then_has_everything(order: Order, erp: Receiver) -> None:
    endpoint = make_endpoint(erp)
    erp.reply = lambda message: (503, {}, b"")
    for number in range(5):
        states.note_event(order, f"event_{number}")
    assert feed.deliver() == 1  # not five
    for _ in range(4):
        later(minutes=11)
        assert feed.deliver() == 1
    endpoint.refresh_from_db()
    assert endpoint.failures == 5
    assert endpoint.failing_since < timezone.now() - timedelta(minutes=30)
    erp.reply = lambda message: (200, {}, b"")
    later(minutes=11)
    assert feed.deliver() == 5  # none waits for its own pause
    assert set(erp.types()) == {f"order.event_{number}" for number in range(5)}


def test_who_asks_to_be_left_alone_is_left_alone_for_so_long(order: Order, erp: Receiver) -> None:
    endpoint = make_endpoint(erp)
    erp.reply = lambda message: (429, {"Retry-After": "900"}, b"")
    states.note_event(order, "one")
    feed.deliver()
    later(minutes=14)
    assert feed.deliver() == 0
    later(minutes=2)
    assert feed.deliver() == 1
    endpoint.refresh_from_db()
    assert endpoint.rest_until > timezone.now() + timedelta(minutes=14)


def test_gone_switches_the_receiver_off(order: Order, erp: Receiver) -> None:
    endpoint = make_endpoint(erp)
    erp.reply = lambda message: (410, {}, b"")
    states.note_event(order, "one")
    states.note_event(order, "two")
    assert feed.deliver() == 1
    endpoint.refresh_from_db()
    assert (endpoint.is_active, endpoint.stopped) == (False, "410 Gone")
    states.note_event(order, "three")
    assert FeedDelivery.objects.count() == 2
    assert feed.deliver() == 0


def test_no_redirect_is_followed(order: Order, erp: Receiver) -> None:
    make_endpoint(erp)
    erp.reply = lambda message: (302, {"Location": erp.url}, b"")
    states.note_event(order, "one")
    feed.deliver()
    assert len(erp.messages) == 1
    assert FeedDelivery.objects.get().response_status == 302


def test_of_an_endless_answer_a_little_is_read(order: Order, erp: Receiver) -> None:
    make_endpoint(erp)
    erp.reply = lambda message: (200, {"Content-Length": "999999999"}, b"x" * 100_000)
    for kind in ("one", "two"):
        states.note_event(order, kind)
    began_at = time.monotonic()
    assert feed.deliver() == 2
    assert time.monotonic() - began_at < 3
    assert erp.connections == 2  # what was not read is thrown away with the line


@pytest.mark.parametrize("how", ["hangs", "drips"])
def test_a_receiver_that_does_not_end_delays_no_other(
    order: Order, erp: Receiver, settings: Any, how: str
) -> None:
    settings.FEED_TIMEOUT_SECONDS = 0.6
    erp.hung, erp.drips = (threading.Event(), 0) if how == "hangs" else (None, 0.05)
    with receiving() as wms:
        make_endpoint(erp)
        make_endpoint(wms)
        for number in range(20):
            states.note_event(order, f"event_{number}")
        began_at = time.monotonic()
        feed.deliver()
        took = time.monotonic() - began_at
    assert len(wms.messages) == 20
    assert len(erp.messages) == 1
    assert took < 2
    hung = FeedDelivery.objects.filter(attempts=1, status=Status.WAITING).get()
    assert (hung.response_status, hung.error) == (None, "No answer in time.")


def test_a_receiver_that_is_not_there_is_an_error_in_a_line(order: Order) -> None:
    with receiving() as closed:
        pass
    make_endpoint(closed)
    states.note_event(order, "one")
    assert feed.deliver() == 1
    assert "refused" in FeedDelivery.objects.get().error.lower()


@pytest.mark.parametrize(
    "url",
    [
        "http://erp.example/hook",
        "ftp://erp.example/",
        "https://",
        "https://name:password@erp.example/",
        "https://erp.example:99999/",
        "https://127.0.0.1/hook",
        "https://localhost/hook",
        "https://[::1]/hook",
        "https://[::ffff:10.0.0.1]/hook",
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.8/",
    ],
)
def test_nobody_on_the_desk_makes_the_shop_call_what_stands_behind_it(
    order: Order, settings: Any, url: str
) -> None:
    settings.FEED_INSIDE = False
    FeedEndpoint.objects.create(name="ERP", url=url, topics=EVERYTHING)
    states.note_event(order, "one")
    assert feed.deliver() == 1
    delivery = FeedDelivery.objects.get()
    assert (delivery.status, delivery.response_status) == (Status.WAITING, None)
    assert "address" in delivery.error or "network" in delivery.error


def test_an_address_that_is_looked_at_is_the_one_that_is_called(
    order: Order, erp: Receiver, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that answers with a public address first and with our own a moment later reaches nobody."""
    settings.FEED_INSIDE = False
    asked = []

    def lookup(host: str, port: int, **kwargs: Any) -> list[Any]:
        asked.append(host)
        address = "127.0.0.1" if len(asked) > 1 else "192.0.2.1"
        return [(2, 1, 6, "", (address, port))]

    monkeypatch.setattr(calling.socket, "getaddrinfo", lookup)
    monkeypatch.setattr(calling, "is_public", lambda address: address == "192.0.2.1")
    reached = []

    def connect(self: Any, address: tuple[str, int]) -> None:
        reached.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(calling.socket.socket, "connect", connect)
    answer = calling.Line(erp.url.replace("http:", "https:")).post(b"{}", {})
    assert answer.status is None
    assert [address for address, _port in reached] == ["192.0.2.1"]
    assert asked == ["127.0.0.1"]


def test_what_has_been_deleted_is_skipped(order: Order, erp: Receiver) -> None:
    make_endpoint(erp)
    states.note_event(order, "one")
    states.note_event(order, "two")
    OrderEvent.objects.filter(kind="one").delete()
    feed.deliver()
    assert erp.types() == ["order.two"]
    assert FeedDelivery.objects.filter(status=Status.SKIPPED).count() == 1


# --- Again -----------------------------------------------------------------------------------------------


def test_what_was_given_up_is_sent_again(order: Order, erp: Receiver) -> None:
    make_endpoint(erp)
    states.note_event(order, "one")
    FeedDelivery.objects.update(status=Status.FAILED, attempts=10, closed_at=Now(), sequence=1)
    FeedEndpoint.objects.update(numbered=1)
    assert feed.again(FeedDelivery.objects.filter(status=Status.FAILED)) == 1
    assert feed.deliver() == 1
    assert erp.messages[0].said["sequence"] == 1


def test_everything_since_a_moment_is_sent_again_also_what_nobody_noted(order: Order, erp: Receiver) -> None:
    endpoint = make_endpoint(erp)
    states.note_event(order, "noted")
    feed.deliver()
    FeedEndpoint.objects.update(is_active=False)
    states.note_event(order, "missed")
    FeedEndpoint.objects.update(is_active=True)
    erp.messages.clear()
    OrderEvent.objects.filter(kind="placed").update(at=timezone.now() - timedelta(days=3))
    since = timezone.now() - timedelta(days=1)
    assert feed.again_since(endpoint, since) == 3  # and the stock that was reserved
    feed.deliver()
    assert sorted(erp.types()) == ["order.missed", "order.noted", "stock.changed"]
    assert feed.again_since(endpoint, timezone.now() + timedelta(hours=1)) == 0


def test_again_takes_what_the_receiver_chose(order: Order, erp: Receiver) -> None:
    endpoint = make_endpoint(erp, ["order.paid"])
    states.note_event(order, "one")
    states.move(order, Order.Status.PAID)
    assert feed.again_since(endpoint, timezone.now() - timedelta(days=1)) == 1
    feed.deliver()
    assert erp.types() == ["order.paid"]


def test_old_deliveries_are_forgotten_and_what_waits_is_not(order: Order, erp: Receiver) -> None:
    make_endpoint(erp)
    for number in range(3):
        states.note_event(order, f"event_{number}")
    delivered, failed, waiting = FeedDelivery.objects.order_by("id")
    for row, status in ((delivered, Status.DELIVERED), (failed, Status.FAILED)):
        FeedDelivery.objects.filter(pk=row.pk).update(status=status, closed_at=Now())
    later(days=31)
    assert feed.forget_old() == 1
    assert set(FeedDelivery.objects.values_list("pk", flat=True)) == {failed.pk, waiting.pk}
    later(days=60)
    assert feed.forget_old() == 1
    FeedEndpoint.objects.all().delete()
    assert feed.forget_old() == 1
    assert not FeedDelivery.objects.exists()


def test_what_a_dead_receiver_was_never_asked_to_take_is_given_up_too(order: Order, erp: Receiver) -> None:
    make_endpoint(erp)
    erp.reply = lambda message: (500, {}, b"")
    for kind in ("one", "two"):
        states.note_event(order, kind)
    feed.deliver()
    assert feed.give_up_old() == 0
    later(days=4)
    states.note_event(order, "new")
    assert feed.give_up_old() == 2
    assert FeedDelivery.objects.get(status=Status.WAITING).topic == "order.new"


# --- Who sends -------------------------------------------------------------------------------------------


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
