"""Each night the database is asked what the engine is asked all day, and the desk says how it went."""

import logging
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.utils import timezone

from catalog import jobs
from catalog.models import Comparison, Product, QueryCount
from catalog.queries import listing
from catalog.search import client, comparing, database, indices
from shop.outbox.models import Message
from tests.engines import Engine
from tests.factories import make_product, make_user

pytestmark = pytest.mark.django_db(transaction=True)

SEARCHES = "/admin/catalog/querycount/"


@pytest.fixture
def searched(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two posters, and three things that people search for: as many as it takes."""
    monkeypatch.setattr(comparing, "LEAST", 3)
    make_product("Harbour poster")
    make_product("Dune poster")
    for query, searches in (("poster", 9), ("harbour", 5), ("unicorn", 3)):
        count(query, searches)
    engine.build()


def count(query: str, searches: int, days_ago: int = 0) -> None:
    day = timezone.localdate() - timedelta(days=days_ago)
    QueryCount.objects.create(market="eu", query=query, shown=query, day=day, searches=searches)


def night() -> Comparison:
    jobs.compare_searches()
    found = comparing.last()
    assert found
    return found


def told(row: Comparison) -> tuple[int, int, int, int, str]:
    return row.queries, row.answered, row.compared, row.one_sided, str(row.alike)


@pytest.mark.usefixtures("searched")
def test_both_find_the_same(caplog: pytest.LogCaptureFixture) -> None:
    assert told(night()) == (3, 3, 3, 0, "10.0")
    assert not caplog.records


@pytest.mark.usefixtures("searched")
def test_what_only_one_finds_is_told(caplog: pytest.LogCaptureFixture) -> None:
    harbour = Product.objects.get(name="Harbour poster")
    client.writer().delete(index=indices.alias("en"), id=str(harbour.pk), refresh=True)
    assert told(night()) == (3, 3, 3, 1, "5.0")  # half of the posters, no harbour, and no unicorn
    (record,) = caplog.records
    assert "only one finds anything for 1 searches, as for ['harbour']" in record.getMessage()


@pytest.mark.usefixtures("searched")
def test_a_database_that_fails_is_an_error_and_the_others_are_asked(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    matching = database.matching

    def broken(market: Any, asked: Any, steered: Any) -> Any:
        found = matching(market, asked, steered)
        return found if asked.text != "harbour" else type(found)("hit AS (SELECT 1 / 0),", found.parameters)

    monkeypatch.setattr(database, "matching", broken)
    with caplog.at_level(logging.ERROR):
        assert told(night()) == (3, 2, 2, 0, "10.0")
    assert "1 of 3 searches fail, as for ['harbour']" in caplog.records[-1].getMessage()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


@pytest.mark.usefixtures("searched")
def test_a_list_of_a_part_is_an_answer_and_compared_with_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    read = listing.read

    def cut(*asked: Any) -> listing.Listing:
        found = read(*asked)
        return replace(found, cards=found.cards[:1], is_cut=len(found.cards) > 1)

    monkeypatch.setattr(listing, "read", cut)
    assert told(night()) == (3, 3, 2, 0, "10.0")  # of two posters one; the others as they are


@pytest.mark.usefixtures("searched")
def test_while_the_engine_is_away_the_database_is_asked_all_the_same(settings: Any) -> None:
    settings.ELASTICSEARCH_URL = "http://127.0.0.1:9"
    assert told(night()) == (3, 3, 0, 0, "None")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What both are asked, from now on."""
    noted: list[tuple[str, str]] = []
    pair = comparing._pair
    monkeypatch.setattr(comparing, "_pair", lambda *one: (noted.append(one), pair(*one))[1])
    return noted


@pytest.mark.usefixtures("engine")
def test_it_is_of_a_week_of_the_most_frequent_and_where_nothing_is_sold_there_is_no_row(
    monkeypatch: pytest.MonkeyPatch, asked: list[tuple[str, str]]
) -> None:
    count("old", 50, days_ago=comparing.DAYS)
    assert comparing.compare() is None
    monkeypatch.setattr(comparing, "QUERIES", 2)
    for query, searches in (("poster", 2), ("print", 9), ("mug", 4)):
        count(query, searches)
    assert night().queries == 2
    assert asked == [("eu", "print"), ("eu", "mug")]


def test_where_few_people_search_it_is_asked_for_names(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, asked: list[tuple[str, str]]
) -> None:
    make_product("Harbour poster", category="Wall", popularity=5)
    make_product('Dune "No. 5" poster -old', category="Wall", gbp=None)
    engine.build()
    row = night()
    assert set(asked) == {
        *(("eu", name) for name in ("Harbour poster", 'Dune "No. 5" poster -old', "Wall")),
        *(("gb", name) for name in ("Harbour poster", "Wall")),
    }
    assert (row.queries, row.answered, row.one_sided) == (5, 5, 0)
    count("dune", 3)
    monkeypatch.setattr(comparing, "LEAST", 2)
    asked.clear()
    assert night().queries == 2
    assert asked == [("eu", "dune"), ("eu", "Harbour poster")]


def test_without_an_engine_nothing_is_compared() -> None:
    count("poster", 9)
    jobs.look_after_documents()
    assert comparing.compare() is None
    assert not Message.objects.filter(job=comparing.JOB).exists()


@pytest.mark.usefixtures("engine")
def test_it_is_planned_once_a_night_after_the_repair() -> None:
    for _ in range(3):
        jobs.look_after_documents()
    (message,) = Message.objects.filter(job=comparing.JOB)
    (repair,) = Message.objects.filter(job="catalog.repair_documents")
    assert message.due_at == repair.due_at + comparing.LATER


@pytest.mark.usefixtures("searched")
def test_old_rows_go() -> None:
    old = night()
    Comparison.objects.update(at=timezone.now() - comparing.KEPT - timedelta(days=1))
    assert night().pk != old.pk
    assert Comparison.objects.count() == 1


@pytest.mark.usefixtures("engine")
def test_the_desk_says_how_it_went(client: Client) -> None:
    user = make_user(is_staff=True)
    user.groups.add(Group.objects.get(name="Merchant"))
    client.force_login(user)

    def said(path: str) -> str:
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", client.get(path).content.decode()))

    assert "the database answered" not in said(SEARCHES)
    Comparison.objects.create(queries=40, answered=40, compared=40, one_sided=1, alike="7.2")
    page = said(SEARCHES)
    assert "the database answered 40 of the 40 searches that were tried" in page
    assert "Of its first ten goods 7.2 were the engine’s, too. 1 search finds something in one" in page
    assert "fail" not in said("/admin/")
    Comparison.objects.create(queries=40, answered=38, compared=38, one_sided=0, alike="7.2")
    assert "Some searches would fail" in said(SEARCHES)
    assert "searches fail without their engine" in said("/admin/")
