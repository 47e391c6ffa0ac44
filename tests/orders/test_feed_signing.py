"""Messages of the feed are signed as the Standard Webhooks say; and sent again."""

import time
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from orders import feed, states
from orders.feed import signing
from orders.models import FeedDelivery, FeedEndpoint, Order, OrderEvent
from tests.orders.receiving import Receiver, later, make_endpoint

pytestmark = pytest.mark.django_db
Status = FeedDelivery.Status


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
