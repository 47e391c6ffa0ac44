"""A receiver of the feed that fails, hangs, is gone, or is none that we call."""

import threading
import time
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.utils import timezone

from orders import feed, states
from orders.feed import calling
from orders.models import FeedDelivery, FeedEndpoint, Order, OrderEvent
from tests.orders.receiving import EVERYTHING, Receiver, later, make_endpoint, receiving

pytestmark = pytest.mark.django_db
Status = FeedDelivery.Status


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


def test_a_receiver_that_is_not_there_is_an_error_in_a_line(order: Order, settings: Any) -> None:
    settings.FEED_INSIDE = True
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
        "https://[::10.0.0.1]/hook",
        "https://[64:ff9b::10.0.0.1]/hook",
        "https://[64:ff9b:1::10.0.0.1]/hook",
        "https://[2002:a00:1::]/hook",
        "https://[2001:0:a00:1::]/hook",
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


@pytest.mark.parametrize("address", ["::10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::1", "2001:0:a00:1::1"])
def test_an_address_that_carries_another_is_not_public(address: str) -> None:
    assert not calling.is_public(address)


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
