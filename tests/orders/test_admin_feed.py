"""Feeds on the desk: made with a secret, tried, watched, sent again; and by whom."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orders import feed, states
from orders.models import FeedDelivery, FeedEndpoint, Order
from shop.outbox import drain
from shop.outbox.models import Message
from tests.orders.receiving import receiving
from tests.orders.test_admin import member

pytestmark = pytest.mark.django_db
FEEDS = reverse("admin:orders_feedendpoint_changelist")
MESSAGES = reverse("admin:orders_feeddelivery_changelist")
Status = FeedDelivery.Status


@pytest.fixture(autouse=True)
def _at_home(settings: Any) -> None:
    settings.FEED_INSIDE = True


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(member("Merchant"))
    return client


@pytest.fixture
def endpoint() -> FeedEndpoint:
    return FeedEndpoint.objects.create(name="ERP", url="http://127.0.0.1:9/hook", topics=["order.*"])


def page(endpoint: FeedEndpoint) -> str:
    return reverse("admin:orders_feedendpoint_change", args=[endpoint.pk])


def sent(endpoint: FeedEndpoint, **fields: Any) -> dict[str, Any]:
    active = {"is_active": "on"} if endpoint.is_active else {}
    return {"name": endpoint.name, "url": endpoint.url, "topics": endpoint.topics, **active, **fields}


def told(client: Client, endpoint: FeedEndpoint, button: str) -> list[str]:
    answer = client.post(f"{FEEDS}{endpoint.pk}/do/", {button: "1"}, follow=True)
    return [str(said) for said in answer.context["messages"]]


def test_a_feed_is_made_with_a_secret_of_its_own(desk: Client) -> None:
    form = {"name": "WMS", "url": "https://wms.example/hook", "topics": ["order.paid"], "is_active": "on"}
    answer = desk.post(f"{FEEDS}add/", form)
    assert answer.status_code == 302, answer.content.decode()
    made = FeedEndpoint.objects.get()
    assert made.topics == ["order.paid"]
    assert made.secret.startswith("whsec_")
    assert made.secret in desk.get(page(made)).content.decode()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://erp.example/", "must begin with https"),
        ("https://ada:secret@erp.example/", "must hold no password"),
        ("ftp://erp.example/", "must begin with https"),
    ],
)
def test_an_address_that_would_never_be_called_is_refused(
    desk: Client, settings: Any, url: str, said: str
) -> None:
    settings.FEED_INSIDE = False
    answer = desk.post(f"{FEEDS}add/", {"name": "ERP", "url": url, "topics": ["order.*"]})
    assert said in answer.content.decode()
    assert not FeedEndpoint.objects.exists()


def test_who_may_only_look_sees_no_secret_and_has_no_buttons(client: Client, endpoint: FeedEndpoint) -> None:
    client.force_login(member("Support"))
    shown = client.get(page(endpoint)).content.decode()
    assert endpoint.name in shown
    assert endpoint.secret not in shown
    assert "_test" not in shown
    assert client.post(page(endpoint), sent(endpoint, name="Mine")).status_code == 403
    for button in ("_rotate", "_test", "_failed"):
        assert client.post(f"{FEEDS}{endpoint.pk}/do/", {button: "1"}).status_code == 403
    assert client.get(f"{FEEDS}{endpoint.pk}/since/").status_code == 403
    assert not FeedDelivery.objects.exists()


def test_a_test_event_is_sent_and_its_answer_shown(desk: Client, endpoint: FeedEndpoint) -> None:
    with receiving() as receiver:
        FeedEndpoint.objects.update(url=receiver.url)
        endpoint.refresh_from_db()
        assert "on its way" in told(desk, endpoint, "_test")[0]
        drain.drain("feed")
        assert receiver.types() == ["test.hello"]
    shown = desk.get(page(endpoint)).content.decode()
    assert "Delivered" in shown
    assert "204" in shown


def test_nothing_is_tried_while_it_is_off(desk: Client, endpoint: FeedEndpoint) -> None:
    FeedEndpoint.objects.update(is_active=False)
    endpoint.refresh_from_db()
    assert "Switch the feed on" in told(desk, endpoint, "_test")[0]
    assert not FeedDelivery.objects.exists()


def test_a_new_secret_is_shown_and_the_old_one_signs_on(desk: Client, endpoint: FeedEndpoint) -> None:
    before = endpoint.secret
    assert "new secret" in told(desk, endpoint, "_rotate")[0]
    endpoint.refresh_from_db()
    assert endpoint.secret != before == endpoint.former_secret
    assert "signs as well until" in desk.get(page(endpoint)).content.decode()


def test_what_was_given_up_is_sent_again(desk: Client, order: Order, endpoint: FeedEndpoint) -> None:
    states.note_event(order, "one")
    FeedDelivery.objects.update(status=Status.FAILED)
    assert "Send the one given up again" in desk.get(page(endpoint)).content.decode()
    assert told(desk, endpoint, "_failed") == ["1 message is sent again"]
    assert FeedDelivery.objects.get().status == Status.WAITING


def test_one_message_is_sent_again(desk: Client, order: Order, endpoint: FeedEndpoint) -> None:
    states.note_event(order, "one")
    states.note_event(order, "two")
    FeedDelivery.objects.update(status=Status.DELIVERED)
    first = FeedDelivery.objects.earliest("id")
    answer = desk.post(MESSAGES, {"action": "send_again", "_selected_action": [first.pk]}, follow=True)
    assert [str(said) for said in answer.context["messages"]] == ["1 message is sent again"]
    assert FeedDelivery.objects.get(status=Status.WAITING) == first
    assert "webhook-id" in desk.get(f"{MESSAGES}{first.pk}/change/").content.decode().lower()


def test_everything_is_sent_again_since_a_moment(desk: Client, order: Order, endpoint: FeedEndpoint) -> None:
    url = f"{FEEDS}{endpoint.pk}/since/"
    assert "also what was delivered" in desk.get(url).content.decode()
    assert "Enter a valid date" in desk.post(url, {"since": "yesterday"}).content.decode()
    since = timezone.localtime() - timedelta(hours=1)
    assert desk.post(url, {"since": since.strftime("%Y-%m-%dT%H:%M:%S")}).status_code == 302
    assert Message.objects.filter(job="orders.replay_feed").count() == 1
    drain.drain("low")
    assert FeedDelivery.objects.get().topic == "order.placed"  # before there was a feed


def test_switched_on_again_it_begins_anew(desk: Client, endpoint: FeedEndpoint) -> None:
    FeedEndpoint.objects.update(is_active=False, stopped="410 Gone", failures=9, failing_since=timezone.now())
    assert "410 Gone" in desk.get(FEEDS).content.decode()
    endpoint.refresh_from_db()
    assert desk.post(page(endpoint), sent(endpoint, is_active="on")).status_code == 302
    endpoint.refresh_from_db()
    assert (endpoint.is_active, endpoint.stopped, endpoint.failures) == (True, "", 0)


def test_the_desk_says_which_feeds_do_not_arrive(desk: Client, order: Order, endpoint: FeedEndpoint) -> None:
    first_page = reverse("admin:index")
    assert "not arrive" not in desk.get(first_page).content.decode()
    FeedEndpoint.objects.update(failing_since=timezone.now() - timedelta(minutes=6))
    assert "feed does not arrive" in desk.get(first_page).content.decode()
    FeedEndpoint.objects.update(failing_since=None)
    states.note_event(order, "one")
    FeedDelivery.objects.update(status=Status.FAILED)
    assert "feed does not arrive" in desk.get(first_page).content.decode()
    feed.again(FeedDelivery.objects.all())
    assert "not arrive" not in desk.get(first_page).content.decode()
