"""Invariant 9: nobody meets a database older than what they did, and no page is kept from behind a mark.

CAUSAL_OPERATIONS and CAUSAL_LAG_SECONDS give other figures: 10,000 and 10 are those of a long run.
"""

import logging
import os
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.db import transaction

from orders import marking
from orders.placement import place_order
from shop import marks
from shop.embedded.replica import Replica
from shop.marks import Begun, Marks, Position, Verdict
from shop.outbox.models import Message
from tests.factories import make_product, make_user
from tests.orders.conftest import make_draft
from tests.replicas.causality import PAGES, TRANSACTION_SECONDS, Causality, key, share
from tests.replicas.conftest import caught_up

OPERATIONS = int(os.environ.get("CAUSAL_OPERATIONS", "800"))
MOST_LAG = float(os.environ.get("CAUSAL_LAG_SECONDS", "2"))
CUSTOMERS = 12
logger = logging.getLogger(__name__)


@pytest.fixture
def causality(redis: object, pair: list[Replica]) -> Causality:
    variant = make_product("Two suns over Cadiz").variants.get()
    variant.stock.on_hand = 99
    variant.stock.save()
    orders = [
        place_order(make_draft((variant, 1), customer_id=make_user(f"{number}@example.com", None).pk))
        for number in range(CUSTOMERS)
    ]
    pages = Message.objects.bulk_create(
        Message(job="shop.page", queue="low", tries=0, due_at="2999-01-01T00:00Z") for _ in range(PAGES)
    )
    for namespace in (marks.pages, marks.customers):
        namespace.begin()
    caught_up()
    return Causality(orders, [page.pk for page in pages])


def few(causality: Causality) -> Causality:
    """The same with few customers and pages, each looked at often."""
    return replace(causality, orders=causality.orders[:4], pages=causality.pages[:3])


def test_nobody_meets_what_is_older_than_what_they_did_and_no_page_is_kept_from_behind_a_mark(
    causality, pair
):
    seen = few(causality).seen
    few(causality).run(OPERATIONS, held=pair[1], most_lag=MOST_LAG)
    logger.info("%s", dict(seen))
    assert (seen["old_page"], seen["old_history"]) == (0, 0)
    assert seen["on_replica"] > 0
    assert seen["histories_on_replica"] > 0


def test_replicas_that_are_a_tenth_of_a_second_behind_render_four_of_five_pages(causality, pair):
    for server in pair:
        server.hold_back(100)
    causality.run(OPERATIONS, held=None, most_lag=0)
    assert (causality.seen["old_page"], causality.seen["old_history"]) == (0, 0)
    logger.info("%.3f of %s", share(causality), dict(causality.seen))
    assert share(causality) >= 0.8


def position_before_commit(monkeypatch: pytest.MonkeyPatch, causality: Causality) -> Causality:
    """Marks whose position is read while the row is not committed yet."""

    def edit(page: int, version: int) -> None:
        begun = marks.pages.begin()
        assert begun
        with transaction.atomic():
            Message.objects.filter(pk=page).update(tries=version)
            at = marks.primary_position()
            time.sleep(TRANSACTION_SECONDS)
        marks.pages.mark([key(page)], begun.epoch, at)

    def before_commit(customer_id: int) -> None:
        begun = marks.customers.begin()
        assert begun
        marks.customers.mark([marking.key(customer_id)], begun.epoch, marks.primary_position())

    monkeypatch.setattr(marking, "after_commit", before_commit)
    return replace(causality, edit=edit)


def no_position(monkeypatch: pytest.MonkeyPatch, causality: Causality) -> Causality:
    """A replica's position is not compared with the mark's."""
    judge = Marks.judge

    def careless(self: Marks, begun: Begun, keys: list[str], replayed: Position | None = None) -> Verdict:
        return judge(self, begun, keys, replayed)._replace(behind=False)

    monkeypatch.setattr(Marks, "judge", careless)
    return causality


@pytest.mark.parametrize("broken", [position_before_commit, no_position])
@pytest.mark.parametrize("violation", ["old_page", "old_history"])
def test_the_test_of_the_test_broken_marks_are_found(
    causality: Causality,
    pair: list[Replica],
    monkeypatch: pytest.MonkeyPatch,
    broken: Callable[[pytest.MonkeyPatch, Causality], Causality],
    violation: str,
) -> None:
    careless = broken(monkeypatch, few(causality))
    careless.run(3 * OPERATIONS, held=pair[1], most_lag=MOST_LAG, enough=violation)
    assert careless.seen[violation] > 0
