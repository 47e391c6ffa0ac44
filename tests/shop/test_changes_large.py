"""Writes of a whole table are noted as they happen, and followed: many rows, TRUNCATE, other primary keys.

CHANGED_ROWS gives another figure: 1,000,000 are those of a long run.
"""

import logging
import os
import time
from collections.abc import Callable

import pytest
from django.db import connection
from django.db.models import F

from catalog.models import Card, Review
from catalog.models.former import Former
from shop import marks
from shop.changes import projector, triggers
from shop.changes.models import Change
from shop.edge import freshness
from tests.factories import follow_changes, make_product, make_review

pytestmark = pytest.mark.django_db

ROWS = int(os.environ.get("CHANGED_ROWS", "100000"))
logger = logging.getLogger(__name__)


@pytest.fixture
def is_let_go(redis: object) -> Callable[[str], bool]:
    """Whether a page with that key, rendered before, is stale by now."""
    begun = marks.pages.begin()
    assert begun

    def judge(key: str) -> bool:
        return marks.pages.judge(begun, {key}).marked

    return judge


@pytest.fixture
def formers() -> None:
    """So many rows of a small table that pages depend on, and nothing noted."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(
            "INSERT INTO catalog_former (model, slug, object_id)"
            " SELECT 'product', 'no-' || n, n FROM generate_series(1, %s) n",
            [ROWS],
        )
    Change.objects.all().delete()


def noted_rows() -> int:
    """How many; each note has its chunk at most."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(jsonb_array_length(rows)), 0), coalesce(max(jsonb_array_length(rows)), 0)"
            " FROM changes_change WHERE NOT is_whole"
        )
        total, most = cursor.fetchone()
    assert most <= triggers.CHUNK
    return int(total)


def test_an_update_of_very_many_rows_is_noted_in_chunks_and_lets_every_page_go(formers, is_let_go):
    began = time.monotonic()
    assert Former.objects.update(object_id=F("object_id") + 1) == ROWS
    written = time.monotonic() - began
    assert noted_rows() == ROWS
    assert ROWS > freshness.MOST, "fewer are let go one by one"
    assert not is_let_go("html")
    assert projector.drain() == Change.objects.count()
    assert is_let_go("html")
    assert not Change.objects.filter(done_at=None).exists()
    logger.info("%d rows: written in %.1f s, all in %.1f s", ROWS, written, time.monotonic() - began)


def test_a_changed_primary_key_of_very_many_rows_is_so_many_that_left_and_so_many_that_came(formers):
    assert Former.objects.update(id=F("id") + 10 * ROWS) == ROWS
    assert noted_rows() == 2 * ROWS
    change = Change.objects.earliest("id")
    assert all((row.before is None) is not (row.after is None) for row in change.noted())
    assert all("id" in row.changed for row in change.noted())


def test_a_changed_primary_key_is_followed_at_both_ends(is_let_go):
    product, other = make_product("Low hills"), make_product("Two suns")
    review = make_review(product, 5)
    follow_changes()
    begun = marks.pages.begin()
    assert begun
    Review.objects.filter(pk=review.pk).update(id=review.pk + 1_000)
    follow_changes()
    keys = {f"product/{product.pk}:reviews", f"product/{other.pk}:reviews"}
    marked = {key for key in keys if marks.pages.judge(begun, {key}).marked}
    assert marked == {f"product/{product.pk}:reviews"}
    assert Card.objects.get(product_id=product.pk, market="eu").rating_count == 1


@pytest.mark.parametrize("table", ["catalog_review", "catalog_former", "catalog_sale"])
def test_a_truncate_lets_every_page_go(is_let_go, table):
    make_review(make_product("Low hills"), 5)
    follow_changes()
    with connection.cursor() as cursor:
        cursor.execute(f"SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE {table}")
    assert not is_let_go("html")
    follow_changes()
    assert is_let_go("html")
    assert Card.objects.get(market="eu").rating_count == (0 if table == "catalog_review" else 1)
