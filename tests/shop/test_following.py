"""Changes are followed beside the relay's other work, and by a worker whose connection may have ended."""

import threading
import time
from collections.abc import Callable

import pytest
from django.db import connection, connections

from catalog.models import Product
from shop.changes import projector
from shop.changes.models import Change
from shop.management.commands import relay
from tests.factories import follow_changes, make_product

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def product() -> Product:
    made = make_product("Pen")
    follow_changes()
    return made


def is_followed(seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while is_open := Change.objects.filter(done_at=None).exists():
        if time.monotonic() > until:
            break
        time.sleep(0.02)
    return not is_open


@pytest.fixture
def follower() -> Callable[[], None]:
    """A relay's thread for changes; the function ends it."""
    stopping = threading.Event()
    thread = threading.Thread(target=relay.follow_until, args=(stopping, 0.05), daemon=True)
    thread.start()

    def end() -> None:
        stopping.set()
        thread.join(10)
        assert not thread.is_alive()

    return end


def test_an_edit_waits_for_no_other_work_of_the_relay(product: Product, follower: Callable[[], None]) -> None:
    Product.objects.filter(pk=product.pk).update(name="Pencil")
    assert is_followed()  # nobody looks at the queues here
    follower()


def test_what_fails_once_stops_nobody(
    product: Product, follower: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    fails = iter([RuntimeError("a rule")])

    def once(*args: object, **kwargs: object) -> int:
        for error in fails:
            raise error
        return drain()

    drain = projector.drain
    monkeypatch.setattr(projector, "drain", once)
    Product.objects.filter(pk=product.pk).update(name="Pencil")
    assert is_followed()
    follower()


def test_a_worker_that_lives_long_gets_over_a_lost_connection(product: Product) -> None:
    Product.objects.filter(pk=product.pk).update(name="Pencil")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    other = connections.create_connection("default")
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    other.close()
    connection.errors_occurred = True
    assert projector.rung(5) > 0
    assert is_followed(0)


def test_the_relay_follows_changes_while_it_is_at_other_work(
    product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    followed = []

    def at_work(stopping: threading.Event, interval: float) -> None:
        Product.objects.filter(pk=product.pk).update(name="Pencil")
        followed.append(is_followed(3))
        stopping.set()

    monkeypatch.setattr(relay, "watch", at_work)
    relay.Command().handle(once=False, interval=0.05)
    assert followed == [True]
