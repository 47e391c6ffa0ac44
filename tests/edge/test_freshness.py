"""What was changed is marked and purged at once, and purged again two seconds later, whatever fails."""

from datetime import timedelta
from itertools import chain
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from redis import Redis

from catalog.models import Product
from shop import marks
from shop.changes import projector
from shop.changes.models import Change
from shop.edge import freshness, receipts
from shop.edge.backends import Cloudflare
from shop.edge.coarse import key_of, with_coarse
from shop.edge.purges import written
from shop.management.commands.relay import look
from shop.outbox import drain
from shop.outbox.models import Message
from shop.outbox.outbox import enqueue
from tests.edge import cdns
from tests.edge.keeper import Keeper, due_now
from tests.edge.keeper import edge as edge
from tests.factories import follow_changes, make_product

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def product(redis: Redis, edge: Keeper) -> Product:
    """One, with nothing left to follow."""
    made = make_product("Pen")
    follow_changes()
    Message.objects.all().delete()
    edge.purges.clear()
    return made


def rename(product: Product) -> None:
    Product.objects.filter(pk=product.pk).update(name="Pencil")


def test_an_edit_purges_each_key_and_its_coarse_form(product: Product, edge: Keeper) -> None:
    rename(product)
    follow_changes()
    mine, card = f"product/{product.pk}", f"card/eu/{product.pk}"
    assert {mine, key_of(mine)} <= edge.purges[0]
    assert {card, key_of(card)} <= set().union(*edge.purges)


def test_all_of_it_is_purged_again_after_two_seconds(product: Product, edge: Keeper) -> None:
    rename(product)
    follow_changes()
    first = set().union(*edge.purges)
    edge.purges.clear()
    waiting = Message.objects.filter(job="edge.purge", done_at=None)
    assert all(1.5 < (one.due_at - timezone.now()).total_seconds() <= 2 for one in waiting)
    assert look(lambda: False) is False
    assert edge.purges == []
    due_now()
    look(lambda: False)
    assert set().union(*edge.purges) == first


def test_pages_begun_before_the_edit_are_known_to_be_stale(product: Product) -> None:
    begun = marks.pages.begin()
    assert begun
    rename(product)
    follow_changes()
    assert marks.pages.judge(begun, [f"product/{product.pk}"]).marked
    assert not marks.pages.judge(begun, ["product/0"]).marked


def test_the_mark_is_later_than_what_was_seen(product: Product, monkeypatch: pytest.MonkeyPatch) -> None:
    """A replica that has not replayed the edit is behind its mark."""
    begun = marks.pages.begin()
    before = marks.primary_position()
    rename(product)
    follow_changes()
    assert begun
    assert marks.pages.judge(begun, [f"product/{product.pk}"], before).behind
    assert not marks.pages.judge(begun, [f"product/{product.pk}"], marks.primary_position()).behind


def test_without_redis_pages_are_purged_at_once_and_the_changes_come_round(
    product: Product, edge: Keeper, settings: Any
) -> None:
    settings.CHANGES_REPEAT_SECONDS = 0
    there, settings.MARKS_URL = settings.MARKS_URL, "redis://127.0.0.1:9/0"
    rename(product)
    projector.follow(projector.claim())
    assert f"product/{product.pk}" in edge.purges[0]
    assert Change.objects.filter(done_at=None, model="catalog.product").exists()
    settings.MARKS_URL = there
    begun = marks.pages.begin()
    follow_changes()
    assert not Change.objects.filter(done_at=None).exists()
    assert begun
    assert marks.pages.judge(begun, [f"product/{product.pk}"]).marked


def test_a_purge_that_fails_is_tried_for_a_day(product: Product, edge: Keeper) -> None:
    edge.fails = 12
    rename(product)
    follow_changes()
    assert not Change.objects.filter(done_at=None).exists()  # the outbox has it now
    for _ in range(12):
        due_now()
        while drain.drain("changes"):
            pass
    assert not Message.objects.filter(dead_at__isnull=False).exists()
    assert f"product/{product.pk}" in set().union(*edge.purges)


def test_a_purge_that_is_refused_is_a_dead_letter_after_a_few_tries(product: Product, edge: Keeper) -> None:
    edge.fails, edge.is_temporary = 100, False
    freshness.again({"product/7"}, (), freshness.let_go({"product/7"}))
    for _ in range(drain.MAX_TRIES):
        due_now()
        drain.drain("changes")
    assert "node 1: no answer" in Message.objects.get(dead_at__isnull=False).error


def test_a_purge_that_a_provider_takes_in_parts_goes_on_where_it_was(
    product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {f"product/{number}" for number in range(500)}
    machine = cdns.Cloudflare(cdns.Bucket(4, 0))
    with cdns.listening(machine):
        edge = Cloudflare(machine.zone, cdns.TOKEN, 30, api=f"{machine.url}/client/v4")
        monkeypatch.setattr(freshness, "backend", lambda: edge)
        message = enqueue("edge.purge", sorted(keys), [])
        for _ in range(2):  # six calls: four, and the two that are left
            machine.bucket.tokens = 4
            drain.drain("normal")
            due_now()
        message.refresh_from_db()
    assert message.done_at
    assert len(message.args[0]) < 300
    assert {*chain(*machine.purged)} == {*written(with_coarse(keys))}
    # Six, and one more where an answer came too late; who begins anew makes ten.
    assert 6 <= len(machine.purged) < 10


def test_of_more_keys_than_a_purge_may_have_everything_goes_from_the_edge_alone(
    product: Product, edge: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Keeper, "MOST", 4, raising=False)
    begun = marks.pages.begin()
    freshness.let_go({"product/1", "product/2"})
    freshness.let_go({"product/3", "product/4", "product/5"})
    assert [len(keys) for keys in edge.purges] == [4, 2]
    assert edge.purges[1] == {"html", key_of("html")}
    assert begun
    assert not marks.pages.judge(begun, ["html"]).marked
    assert marks.pages.judge(begun, ["product/5"]).marked


def test_of_very_many_keys_everything_goes(product: Product, edge: Keeper) -> None:
    freshness.let_go({f"product/{number}" for number in range(freshness.MOST + 1)})
    assert edge.purges == [{"html", key_of("html")}]
    begun = marks.pages.begin()
    freshness.let_go({"html", "product/7"})
    assert begun
    assert marks.pages.judge(begun, ["html"]).marked
    assert not marks.pages.judge(begun, ["product/7"]).marked


def test_the_receipt_counts_pages_of_the_edit_and_of_what_it_led_to(product: Product, edge: Keeper) -> None:
    with transaction.atomic():
        rename(product)
        number = receipts.begin()
    told = receipts.tell(number)
    assert told
    assert (told.state, told.pages) == ("pending", None)
    Product.objects.create(name="Other", slug="other", tax_class=product.tax_class)  # somebody else's
    projector.follow(projector.claim(1))
    told = receipts.tell(number)
    assert told
    assert told.state == "pending"  # its cards are to be followed
    follow_changes()
    told = receipts.tell(number)
    assert told
    assert (told.state, told.pages) == ("done", 6)
    assert told.after
    assert timedelta(0) < told.after < timedelta(seconds=10)


def test_the_receipt_says_when_a_purge_is_tried_again(product: Product, edge: Keeper) -> None:
    edge.fails = 2
    with transaction.atomic():
        rename(product)
        number = receipts.begin()
    follow_changes()
    assert receipts.tell(number).state == "retrying"  # type: ignore[union-attr]
    due_now()
    drain.drain("changes")
    assert receipts.tell(number).state == "done"  # type: ignore[union-attr]
    assert receipts.tell(0) is None


def test_one_that_is_done_while_it_is_asked_for_does_not_say_that_no_page_changed(product: Product) -> None:
    with transaction.atomic():
        rename(product)
        number = receipts.begin()
    asked = list[str]()

    def then_follow(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found = execute(sql, params, many, context)
        asked.append(sql)
        if len(asked) == 1:
            follow_changes()
        return found

    with connection.execute_wrapper(then_follow):
        told = receipts.tell(number)
    assert told
    assert (told.state, told.after) != ("done", timedelta(0))
    assert receipts.tell(number).pages  # type: ignore[union-attr]


def test_an_edit_that_changes_no_page_is_done_at_once(product: Product) -> None:
    with transaction.atomic():
        number = receipts.begin()
    told = receipts.tell(number)
    assert told
    assert (told.state, told.pages, told.after) == ("done", None, timedelta(0))


def test_what_a_projection_writes_is_noted_with_what_led_to_it(product: Product) -> None:
    with transaction.atomic():
        rename(product)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()::text::bigint")
            (number,) = cursor.fetchone()
    follow_changes()
    assert {change.model for change in Change.objects.filter(causes=[number])} == {
        "catalog.product",
        "catalog.card",
    }
