"""A customer's order history may be read on a replica, but on none that does not know what they did."""

import time
from collections.abc import Callable

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from catalog.models import Variant
from orders import attempts, marking, payments, queries, states
from orders.admin.refunds import mark_refunded
from orders.claiming import claim_confirmed
from orders.models import Order
from orders.placement import place_order
from shop import marks, replicas
from shop.embedded.replica import Replica
from shop.outbox import drain
from shop.outbox.models import Message
from tests.factories import make_product, make_user
from tests.orders.conftest import make_draft
from tests.orders.test_admin import send
from tests.replicas.conftest import caught_up

pytestmark = pytest.mark.usefixtures("redis")


@pytest.fixture
def ada(pair: object, client: Client) -> User:
    user = make_user("ada@example.com")
    client.force_login(user)
    return user


@pytest.fixture
def variant(pair: object) -> Variant:
    return make_product("Two suns over Cadiz").variants.get()


@pytest.fixture
def other(pair: object) -> User:
    return make_user("other@example.com")


@pytest.fixture
def held_back(pair: list[Replica]) -> list[Replica]:
    """Neither replica gets to know anything more. Ask for it last."""
    marks.customers.begin()
    caught_up()
    for server in pair:
        server.hold_back(60_000)
    time.sleep(0.2)
    return pair


def read_where(user: User) -> str:
    return replicas.read(replicas.alias, needs=[marking.key(user.pk)])


def away(*args: object) -> None:
    raise marks.MarksAway


def bought(user: User, variant: Variant) -> Order:
    return place_order(make_draft((variant, 1), customer_id=user.pk))


def test_the_history_is_read_on_a_replica_and_the_visitor_on_the_primary(client, ada, variant):
    order = bought(ada, variant)
    marks.customers.begin()
    caught_up()
    with CaptureQueriesContext(connection) as on_the_primary:
        page = client.get("/account/orders/").content.decode()
    assert f"Order {order.number}" in page
    statements = [row["sql"] for row in on_the_primary]
    assert [sql for sql in statements if "orders_order" in sql] == []
    assert [sql for sql in statements if "accounts_user" in sql] != []


def test_what_a_customer_did_sends_them_to_the_primary_until_a_replica_knows_it(
    client, ada, variant, other, held_back
):
    assert read_where(ada) != "default"
    order = bought(ada, variant)
    assert read_where(ada) == "default"
    assert f"Order {order.number}" in client.get("/account/orders/").content.decode()
    assert read_where(other) != "default"
    for server in held_back:
        server.hold_back(0)
    caught_up()
    assert read_where(ada) != "default"


def test_every_change_of_an_order_marks_its_customer(ada, variant, other, admin_client):
    User.objects.filter(pk=ada.pk).update(confirmed_email=ada.email)
    ada.refresh_from_db()
    first, second = bought(ada, variant), bought(ada, variant)
    place_order(make_draft((variant, 1), email=ada.email))
    deeds: dict[str, Callable[[], object]] = {
        "place": lambda: bought(ada, variant),
        "claim": lambda: claim_confirmed(ada),
        "begin": lambda: attempts.take(first, "fake", "pays", None),
        "pay": lambda: payments.begin(second, "pays"),
        "move": lambda: states.move(second, "cancelled"),
        "refund": lambda: mark_refunded(second, actor_id=None),
        "note": lambda: send(admin_client, first, note="Called."),
    }
    for name, deed in deeds.items():
        begun = marks.customers.begin()
        deed()
        assert marks.customers.judge(begun, [marking.key(ada.pk)]).marked, name
        assert not marks.customers.judge(begun, [marking.key(other.pk)]).marked, name


def test_a_customer_is_marked_once_for_a_transaction_and_after_its_commit(ada, variant, monkeypatch):
    marked: list[tuple[list[str], bool]] = []
    monkeypatch.setattr(
        marks.customers, "mark_now", lambda keys: marked.append((list(keys), connection.in_atomic_block))
    )
    with transaction.atomic():
        order = bought(ada, variant)
        states.move(order, "cancelled")
        assert marked == []
    assert marked == [([marking.key(ada.pk)], False)]
    place_order(make_draft((variant, 1)))
    assert len(marked) == 1


def test_outside_of_a_transaction_the_mark_follows_the_write_as_well(ada, variant, monkeypatch):
    order, noted = bought(ada, variant), []
    noting = order.events.filter(kind="noted")
    monkeypatch.setattr(marks.customers, "mark_now", lambda keys: noted.append(noting.exists()))
    states.note_event(order, "noted")
    assert noted == [True]


def test_without_redis_the_primary_is_read_and_the_mark_set_later(ada, variant, settings, monkeypatch):
    begun, there = marks.customers.begin(), settings.MARKS_URL
    settings.MARKS_URL = "redis://127.0.0.1:9/0"
    order = bought(ada, variant)
    assert order.pk
    caught_up()
    assert read_where(ada) == "default"
    settings.MARKS_URL = there
    with monkeypatch.context() as patch:
        patch.setattr(marks.customers, "judge", away)
        assert read_where(ada) == "default"
    assert not marks.customers.judge(begun, [marking.key(ada.pk)]).marked
    drain.drain("high")
    assert marks.customers.judge(begun, [marking.key(ada.pk)]).marked
    assert not Message.objects.filter(job="orders.mark_customer", done_at=None).exists()


def test_a_mark_that_comes_too_late_to_matter_is_given_up(ada, settings):
    settings.MARKS_URL = "redis://127.0.0.1:9/0"
    with pytest.raises(marks.MarksAway):
        marking.repeat(ada.pk, time.time())
    marking.repeat(ada.pk, time.time() - 60)


def test_a_history_whose_replica_fails_is_read_again_on_the_primary(client, ada, variant, monkeypatch):
    order = bought(ada, variant)
    caught_up()
    history, read = queries.history, []

    def fail_once(*args: object) -> object:
        read.append(replicas.alias())
        if len(read) == 1:
            connections[replicas.alias()].errors_occurred = True
            raise OperationalError("gone")
        return history(*args)

    monkeypatch.setattr(queries, "history", fail_once)
    assert f"Order {order.number}" in client.get("/account/orders/").content.decode()
    assert read[0].startswith("replica")
    assert read[1:] == ["default"]
