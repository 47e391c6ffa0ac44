"""What a public page reads is recorded: each statement has keys that purge it, or nobody keeps the page."""

import logging
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from catalog.models import Card, Category, Page
from shop.edge import keys
from shop.edge.pages import public_page
from shop.edge.recording import Recording, Unrecorded, reading, recording, tables_of, tag
from tests.factories import make_page

pytestmark = pytest.mark.django_db


def test_what_is_read_within_keys_that_stand_for_it_is_recorded() -> None:
    with recording() as page:
        with reading("slug/page/help"):
            Page.objects.filter(slug="help").first()
        tag("page/7")
    assert page.keys == {"slug/page/help", "page/7"}


@pytest.mark.parametrize("named", [(), ("navigation",), ("cards/eu:in", "cards/eu:price")])
def test_a_table_that_no_key_stands_for_is_an_error(named: tuple[str, ...]) -> None:
    with recording(), reading(*named), pytest.raises(Unrecorded, match="catalog_block"):
        list(Category.objects.raw("SELECT c.* FROM catalog_category c, catalog_block"))


def test_a_key_stands_for_nothing_beyond_its_block() -> None:
    with recording():
        with reading("navigation"):
            with reading("cards/eu:in"):
                assert not Card.objects.exists()
                assert not Category.objects.exists()
            with pytest.raises(Unrecorded, match="catalog_card"):
                Card.objects.exists()
        with pytest.raises(Unrecorded, match="catalog_category"):
            Category.objects.exists()


def test_keys_that_are_known_only_by_what_is_found_stand_for_it_already() -> None:
    with recording() as page, reading("slug/product/pen", later=["taxclass/*"]):
        with pytest.raises(Unrecorded, match="catalog_card"):
            Card.objects.exists()
    assert page.keys == {"slug/product/pen"}


def test_a_key_that_nobody_declared_is_a_mistake() -> None:
    with recording(), pytest.raises(LookupError, match="product/7:colour"), reading("product/7:colour"):
        pass


@pytest.mark.parametrize(
    ("key", "pattern"),
    [
        ("category/7/eu:in", "category/*/*:in"),
        ("card/eu/7", "card/*/*"),
        ("slug/product/two-suns", "slug/product/*"),
        ("path/category/00010002:below", "path/category/*:below"),
        ("cards/eu:price", "cards/*:price"),
        ("product/7:prices/EUR", "product/*:prices/*"),
    ],
)
def test_behind_a_slash_stands_a_value(key: str, pattern: str) -> None:
    assert keys.pattern_of(key) == pattern
    assert keys.covered(key)


def test_tables_are_seen_however_they_are_written() -> None:
    assert tables_of('SELECT 1 FROM "catalog_card" c JOIN catalog_page ON true') == {
        "catalog_card",
        "catalog_page",
    }
    assert tables_of("SELECT 1 FROM django_session, catalog_cards") == frozenset()


def test_outside_of_a_page_nothing_is_watched() -> None:
    with reading("no such key"):
        assert not Card.objects.exists()


def test_one_page_does_not_see_another() -> None:
    with recording() as outer:
        with recording() as inner, reading("navigation"):
            assert not Category.objects.exists()
        tag("page/1")
    assert (outer.keys, inner.keys) == ({"page/1"}, {"navigation"})
    assert Recording().keys == set()


@public_page
def forgetful(request: HttpRequest) -> HttpResponse:
    """Reads what it does not say."""
    return HttpResponse(f"{Card.objects.count()} goods")


def test_in_production_a_forgotten_key_costs_the_edge_and_not_the_visitor(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    asked = RequestFactory().get("/forgetful/")
    with pytest.raises(Unrecorded):
        forgetful(asked)
    settings.EDGE_STRICT = False
    settings.EDGE_BACKEND, settings.VARNISH_NODES = "varnish", []
    with caplog.at_level(logging.ERROR):
        answer = forgetful(asked)
    assert answer.content == b"0 goods"
    assert answer["Surrogate-Control"] == "max-age=1"  # who asks at the same time shares it
    assert answer.page_begun is None
    assert "/forgetful/ is not kept" in caplog.text
    assert "catalog_card" in caplog.text


@public_page
def undeclared(request: HttpRequest) -> HttpResponse:
    """Reads under a key that somebody has mistyped."""
    with reading("slug/category/wall/prints"):
        return HttpResponse(f"{Category.objects.count()} shelves")


def test_in_production_a_key_that_nobody_declared_costs_the_edge_and_not_the_visitor(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    asked = RequestFactory().get("/undeclared/")
    with pytest.raises(LookupError, match="wall/prints"):
        undeclared(asked)
    settings.EDGE_STRICT = False
    settings.EDGE_BACKEND, settings.VARNISH_NODES = "varnish", []
    with caplog.at_level(logging.ERROR):
        answer = undeclared(asked)
    assert answer.content == b"0 shelves"
    assert (answer["Surrogate-Control"], answer.page_begun) == ("max-age=1", None)
    assert "slug/category/wall/prints" not in answer.page_keys
    assert "wall/prints" in caplog.text


@pytest.mark.parametrize("slug", ["a b", "a,b", "a\nb", "mäh"])
def test_no_key_breaks_the_header_that_carries_it(slug: str) -> None:
    with recording(), pytest.raises(LookupError), reading(f"slug/category/{slug}"):
        pass


def test_a_page_carries_its_keys_and_that_of_everything(client: Client) -> None:
    page = make_page("Help", slug="help")
    answer = client.get("/info/help/")
    assert answer.page_keys >= {"html", "navigation", "promise/eu:free", "slug/page/help", f"page/{page.pk}"}
