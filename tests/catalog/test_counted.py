"""What was counted of searches: for how long it is kept, and which queries are popular."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from catalog import jobs
from catalog.models import CountedBatch, QueryCount
from catalog.search import counting, demand
from shop import markets
from shop.outbox.models import Message

pytestmark = pytest.mark.django_db

EU = markets.get("eu")


def row(query: str, days_ago: int, searches: int, zero: int = 0, market: str = "eu") -> QueryCount:
    day = timezone.localdate() - timedelta(days=days_ago)
    given = {"market": market, "query": query, "shown": query, "day": day}
    return QueryCount.objects.create(**given, searches=searches, zero=zero)


def test_what_few_searched_for_is_forgotten_after_thirty_days_all_else_after_four_hundred() -> None:
    row("rare", 31, 2)
    row("rare and young", 30, 1)
    row("spread", 31, 1)
    row("spread", 20, 2)
    row("often", 35, 3)
    row("often", 400, 99)
    row("old", 401, 99)
    row("rare", 31, 2, market="gb")
    assert not counting.forget()
    kept = {(one.query, (timezone.localdate() - one.day).days) for one in QueryCount.objects.all()}
    assert kept == {("rare and young", 30), ("spread", 31), ("spread", 20), ("often", 35), ("often", 400)}


def test_much_is_forgotten_by_and_by(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "BATCH", 2)
    monkeypatch.setattr(jobs, "BATCHES", 2)
    for number in range(5):
        row(f"rare {number}", 31, 1)
    jobs.forget_searches()
    assert QueryCount.objects.count() == 1
    assert Message.objects.filter(job="catalog.forget_searches").count() == 1


def test_the_round_plans_one_night_however_often_it_is_gone() -> None:
    for _ in range(3):
        jobs.write_searches()
    (message,) = Message.objects.filter(job="catalog.forget_searches")
    assert message.queue == "low"


def test_batches_are_remembered_for_a_week() -> None:
    for token, days in (("old", 8), ("young", 6)):
        CountedBatch.objects.create(token=token)
        at = timezone.now() - timedelta(days=days)
        CountedBatch.objects.filter(token=token).update(at=at)
    counting.forget()
    assert [batch.token for batch in CountedBatch.objects.all()] == ["young"]


def test_popular_queries_begin_so_were_searched_often_of_late_and_find_something() -> None:
    row("poster a3", 1, 5)
    row("poster a4", 1, 2)
    row("poster a4", 9, 7)
    row("poster rare", 1, 2)
    row("poster old", 31, 50)
    row("poster nothing", 1, 50, zero=50)
    row("poster sold out", 9, 50)
    row("poster sold out", 1, 1, zero=1)
    row("post%er", 1, 60)
    row("poster of gb", 1, 60, market="gb")
    assert demand.popular(EU, "post") == ["post%er", "poster a4", "poster a3"]
    assert demand.popular(EU, "Pöster A", limit=1) == ["poster a4"]
    assert demand.popular(EU, "post%") == demand.popular(EU, "post")  # punctuation is none
    row("post_card", 1, 3)
    row("postal", 1, 3)
    assert demand.popular(EU, "post_") == ["post_card"]  # which LIKE would take for any letter
    assert demand.popular(EU, "") == demand.popular(EU, "%") == []


def test_it_is_told_as_it_was_typed_last() -> None:
    for days, shown in ((1, "café"), (2, "cafe")):
        QueryCount.objects.filter(pk=row("cafe", days, 3).pk).update(shown=shown)
    assert demand.popular(EU, "caf") == ["café"]


def test_a_beginning_is_looked_up_in_an_index() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO catalog_querycount (market, query, day, shown, searches, zero)"
            " SELECT 'eu', md5(i::text), current_date - i % 20, '', 1, 0 FROM generate_series(1, 5000) AS i"
        )
        cursor.execute("ANALYZE catalog_querycount")
        values = {"market": "eu", "like": "po%", "since": timezone.localdate(), "few": 3, "limit": 5}
        cursor.execute(f"EXPLAIN {demand._POPULAR}", values)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "querycount_prefix" in plan
    assert "~>=~ 'po'" in plan  # the letters are looked up, not only the market
