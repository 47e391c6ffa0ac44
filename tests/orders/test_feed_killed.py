"""The feed when a worker dies, and when what began first is committed last: it arrives, again or later."""

import threading
import time
import warnings
from collections.abc import Callable
from multiprocessing.context import ForkProcess
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from catalog.models import Variant
from orders import feed, states
from orders.feed import delivering
from orders.models import FeedDelivery, FeedEndpoint, Order
from orders.placement import place_order
from tests.orders.conftest import make_draft
from tests.orders.receiving import Receiver

pytestmark = pytest.mark.django_db(transaction=True)
Status = FeedDelivery.Status


@pytest.fixture
def order(variant: Variant) -> Order:
    return place_order(make_draft((variant, 1)))


def until(reached: Callable[[], bool]) -> None:
    ends = time.monotonic() + 20
    while not reached():
        assert time.monotonic() < ends
        time.sleep(0.02)


def die_while_it_is_sent(erp: Receiver) -> None:
    """A worker of its own sends; it is killed when the receiver has the message and has not answered yet."""

    def work() -> None:
        connection.connection = None  # it is the test's
        feed.deliver()

    erp.hung = threading.Event()
    worker = ForkProcess(target=work)
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # of threads that it lacks
        worker.start()
    try:
        until(lambda: len(erp.messages) == 1)
    finally:
        worker.kill()
        worker.join()
        erp.hung.set()


def again(erp: Receiver) -> list[str]:
    """What arrives when the dead one's lease has ended."""
    assert feed.deliver() == 0
    FeedEndpoint.objects.filter(lease_until__isnull=False).update(lease_until=Now())
    feed.deliver()
    return erp.ids()


def test_a_worker_that_dies_before_it_could_write_it_down_leaves_a_message_that_comes_again(
    order: Order, erp: Receiver
) -> None:
    FeedEndpoint.objects.create(name="ERP", url=erp.url, topics=["order.*"])
    states.note_event(order, "one")
    states.note_event(order, "two")
    die_while_it_is_sent(erp)
    first, *others = again(erp)
    assert others[0] == first
    assert len(others) == 2
    assert not FeedDelivery.objects.exclude(status=Status.DELIVERED).exists()
    assert [message.said["sequence"] for message in erp.messages] == [1, 1, 2]


def test_broken_variant_what_is_written_down_before_it_is_sent_is_lost(
    order: Order, erp: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = delivering._begin

    def written_first(errand: Any, pool: Any) -> bool:
        has_begun = begin(errand, pool)
        if has_begun:
            FeedDelivery.objects.filter(pk=errand.delivery.pk).update(status=Status.DELIVERED)
        return has_begun

    monkeypatch.setattr(delivering, "_begin", written_first)
    erp.reply = lambda message: (500, {}, b"")  # it did not take it, and nobody is left to hear that
    FeedEndpoint.objects.create(name="ERP", url=erp.url, topics=["order.*"])
    states.note_event(order, "one")
    die_while_it_is_sent(erp)
    assert len(again(erp)) == 1


def test_what_began_first_and_is_committed_last_is_not_passed_over(
    order: Order, variant: Variant, erp: Receiver
) -> None:
    FeedEndpoint.objects.create(name="ERP", url=erp.url, topics=["order.*"])
    has_begun, may_end = threading.Event(), threading.Event()

    def late() -> None:
        try:
            with transaction.atomic():
                states.note_event(order, "late")
                has_begun.set()
                may_end.wait(20)
        finally:
            connection.close()

    writer = threading.Thread(target=late)
    writer.start()
    has_begun.wait(20)
    other = place_order(make_draft((variant, 1)))
    assert feed.deliver() == 1
    seen = FeedDelivery.objects.latest("id").pk
    may_end.set()
    writer.join()
    # A cursor over ids would have passed it over.
    assert not FeedDelivery.objects.filter(pk__gt=seen).exists()
    assert feed.deliver() == 1
    assert erp.types() == ["order.placed", "order.late"]
    assert [message.said["sequence"] for message in erp.messages] == [1, 2]
    assert erp.messages[0].said["data"]["order"]["number"] == other.number
    assert erp.messages[0].timestamp <= timezone.now().timestamp()
