"""What the search field suggests: goods, categories and searches, in one answer for everyone."""

import re
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from catalog.models import Card, Category, Variant
from catalog.search import demand, suggesting
from catalog.views.suggestions import marked
from shop import markets
from shop.edge.visitor import UNSTORABLE
from tests.factories import follow_changes, make_category, make_product, make_sale

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def goods() -> None:
    make_product("Harbour lights", kind="Print", category="Posters", popularity=5, sku="HL")
    make_product("Café in Cadiz", kind="Print", category="Posters", popularity=4, sku="CC")
    make_product(
        "Dune road", kind="Notebook", category="Notebooks", popularity=9, sku="DR", summary="By a harbour."
    )
    make_product("Blue harbour", kind="Print", values={"colour": "Blue"}, popularity=3, sku="BT")
    follow_changes()


def names(typed: str, market: str = "eu") -> list[str]:
    found = suggesting.suggest(markets.get(market), suggesting.clean(typed))
    return [card["name"] for card in found.products]


def shelves(typed: str) -> list[tuple[str, list[str]]]:
    found = suggesting.suggest(markets.default(), suggesting.clean(typed))
    return [(shelf.name, list(shelf.above)) for shelf in found.categories]


def options(html: str) -> list[str]:
    """What each of them says."""
    found = re.findall(r'<a [^>]*role="option".*?</a>', html, re.DOTALL)
    return [" ".join(unescape(re.sub(r"<[^>]+>", "", one)).split()) for one in found]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("ha", ["Harbour lights", "Blue harbour", "Dune road"]),  # in the name before elsewhere
        ("HARBOUR", ["Harbour lights", "Blue harbour", "Dune road"]),
        ("lights har", ["Harbour lights"]),  # in any order
        ("harb lights", []),  # the last word alone may go on
        ("prints ca", ["Café in Cadiz"]),  # in the forms of the language
        ("noteb", ["Dune road"]),
        ("blu", ["Blue harbour"]),
        ("caf", ["Café in Cadiz"]),
        ("café", ["Café in Cadiz"]),
        ("CAFE IN C", ["Café in Cadiz"]),
        ("arbour", []),  # no middle of a word
        ("hl-1", ["Harbour lights"]),
        ("xyzzy", []),
        ("h", []),
        ("", []),
    ],
)
def test_goods_begin_so(typed: str, expected: list[str]) -> None:
    assert names(typed) == expected


def test_a_code_comes_before_all_names() -> None:
    make_product("Hl-1 and its story", popularity=99)
    Variant.objects.filter(sku="DR-1").update(barcode="4006381333931")
    follow_changes()
    assert names("HL-1") == ["Harbour lights", "Hl-1 and its story"]
    assert names("4006381333931") == ["Dune road"]
    Variant.objects.filter(sku="HL-1").update(is_active=False)
    follow_changes()
    assert names("HL-1") == ["Hl-1 and its story"]


def test_letters_that_are_two_elsewhere() -> None:
    make_product("Große Straße")
    follow_changes()
    for typed in ("große stra", "grosse stras", "grosse strasse", "Große Straße"):
        assert names(typed) == ["Große Straße"], typed
    assert marked("Große Straße", ["strass"]) == [("Große ", False), ("Straß", True), ("e", False)]


def test_each_market_suggests_its_own_at_its_price(client: Client) -> None:
    make_product("Only here", gbp=None)
    make_product("Harbour wall", gbp="29.00", popularity=50)
    follow_changes()
    assert names("only") == ["Only here"]
    assert names("only", "gb") == []
    first, *_rest = options(client.get("/gb/search/suggest/?q=harbour").content.decode())
    assert first == "Harbour wall £29"
    assert 'href="/gb/p/harbour-wall/"' in client.get("/gb/search/suggest/?q=harbour").content.decode()


def test_what_is_rare_is_found_however_little_it_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where not even its word is among the most popular."""
    monkeypatch.setattr(suggesting, "_TOP", suggesting._TOP.replace(str(suggesting.FIRST), "1"))
    assert names("cadiz") == ["Café in Cadiz"]
    assert names("harbour") == ["Harbour lights", "Blue harbour", "Dune road"]


def test_what_is_frequent_is_not_looked_for_beyond_the_popular(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits until the index has told of half the goods."""
    asked = list[str]()

    def rare(market: Any, typed: str, limit: int) -> list[int]:
        asked.append(typed)
        return []

    monkeypatch.setattr(suggesting, "_rare", rare)
    monkeypatch.setattr(suggesting, "FREQUENT", 3)
    assert names("harbour") == ["Harbour lights", "Blue harbour", "Dune road"]
    assert asked == []
    names("notebook")
    assert asked == ["notebook"]


@pytest.mark.parametrize("typed", ["harbour", "dune ro", "xyzzy"])
def test_it_asks_six_questions_at_most(client: Client, typed: str) -> None:
    """Names; where they are too few all words, twice; categories; and the cards, or what is alike."""
    suggesting._has_trigrams()
    with CaptureQueriesContext(connection) as asked:
        client.get("/search/suggest/", {"q": typed})
    assert len(asked) <= 6


def test_a_category_says_what_it_stands_in() -> None:
    wall, paper = make_category("On the wall"), make_category("Paper")
    make_category("Dotted", slug="dotted-wall", parent=wall)
    make_category("Dotted", slug="dotted-paper", parent=make_category("Pads", parent=paper))
    assert shelves("dot") == [("Dotted", ["On the wall"]), ("Dotted", ["Paper", "Pads"])]
    assert shelves("wall") == [("On the wall", [])]
    assert shelves("all") == []


def test_categories_that_begin_so_come_first() -> None:
    make_category("Fine art")
    make_category("Art prints", parent=make_category("Deep below"))
    assert shelves("art") == [("Art prints", ["Deep below"]), ("Fine art", [])]


def test_a_category_that_nobody_sees_is_not_suggested() -> None:
    closed = make_category("Winter sale", is_published=False)
    make_category("Winter prints", parent=closed)
    assert shelves("winter") == []
    Category.objects.filter(pk=closed.pk).update(is_published=True)
    assert [name for name, _above in shelves("winter")] == ["Winter sale", "Winter prints"]


def test_what_others_search_for_but_not_what_is_there_already(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[Any]()

    def popular(market: markets.Market, prefix: str, limit: int) -> list[str]:
        asked.append((market.code, prefix))
        return ["harbour", "harbour poster", "harbour & <b>sea", "harbour light", "harbour bridge"][:limit]

    monkeypatch.setattr(demand, "popular", popular)
    found = suggesting.suggest(markets.get("gb"), suggesting.clean(" Harbour "))
    assert found.queries == ["harbour poster", "harbour & <b>sea", "harbour light"]
    assert asked == [("gb", "harbour")]


def test_they_are_ten_at_most(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demand, "popular", lambda market, prefix, limit: [f"sun {n}" for n in range(limit)])
    for number in range(12):
        make_product(f"Sun {number}", category=make_category(f"Suns {number}"))
    follow_changes()
    assert len(options(client.get("/search/suggest/?q=su").content.decode())) == 10


def test_the_answer_is_options_of_a_listbox_in_named_groups(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demand, "popular", lambda *_asked: ["posters & <prints>"])
    make_sale("20.00", product__name__in=["Harbour lights"])
    follow_changes()
    html = client.get("/search/suggest/?q=po").content.decode()
    assert options(html) == [
        "Harbour lights Print Sale price €20 Regular price €38",
        "Café in Cadiz Print €38",
        "Posters",
        "posters & <prints>",
    ]
    assert "<mark>Po</mark>sters" in html
    assert 'href="/search/?q=posters+%26+%3Cprints%3E"' in html
    ids = re.findall(r'id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    for group in re.findall(r'role="group" aria-labelledby="([^"]+)"', html):
        assert f'id="{group}" role="presentation"' in html
    assert html.count('tabindex="-1"') == html.count('aria-selected="false"') == 4


@pytest.mark.parametrize("typed", ["xyzzy", "--", "™", "''"])
def test_where_nothing_begins_so_there_is_no_box(client: Client, typed: str) -> None:
    answer = client.get("/search/suggest/", {"q": typed}, follow=True)
    assert (answer.status_code, answer.content.strip()) == (200, b"")


@pytest.mark.parametrize(
    "typed", ["a:*", "!!!", "(((", "&|", "\\", "%%", "<b>", "🦊🦊", "½½", "x" * 500, "a\u0301 b", "a_b"]
)
def test_any_text_is_answered(client: Client, typed: str) -> None:
    assert client.get("/search/suggest/", {"q": typed}, follow=True).status_code == 200


@pytest.mark.parametrize(
    ("asked", "address"),
    [
        ("q=Dune", "/search/suggest/?q=dune"),
        ("q=++dune++ro+", "/search/suggest/?q=dune+ro"),
        ("q=D", "/search/suggest/"),
        ("q=dune&any=1", "/search/suggest/?q=dune"),
        (f"q={'a' * 61}", f"/search/suggest/?q={'a' * 60}"),
    ],
)
def test_who_asks_otherwise_is_sent_to_its_one_address(client: Client, asked: str, address: str) -> None:
    answer = client.get(f"/search/suggest/?{asked}")
    assert (answer.status_code, answer["Location"]) == (302, address)
    assert client.get(address).status_code == 200


@given(st.text())
def test_a_clean_text_is_clean(typed: str) -> None:
    """Else it would be sent from one address to the next."""
    if not UNSTORABLE.search(typed):
        clean = suggesting.clean(typed)
        assert suggesting.clean(clean) == clean
        assert len(clean) <= suggesting.LONGEST


def test_it_is_kept_for_a_minute_and_no_search_engine_keeps_it(client: Client) -> None:
    answer = client.get("/search/suggest/?q=harbour")
    assert answer.page_seconds == 60  # type: ignore[attr-defined]
    assert answer["X-Robots-Tag"] == "noindex"
    cards = {
        f"card/eu/{card.product_id}"
        for card in Card.objects.filter(market="eu").exclude(slug="cafe-in-cadiz")
    }
    assert answer.page_keys == {"html", "search/eu", "categories", *cards}  # type: ignore[attr-defined]
    assert "Disallow: /search/suggest/" in client.get("/robots.txt").content.decode()


@pytest.mark.parametrize(
    ("name", "typed", "expected"),
    [
        ("Two suns", "su", [("Two ", False), ("su", True), ("ns", False)]),
        ("Two suns", "suns two", [("Two", True), (" ", False), ("suns", True)]),
        ("Café", "cafe", [("Café", True)]),
        ("Æther & <b>", "ae", [("Æ", True), ("ther & <b>", False)]),
        ("Sunsun", "sun", [("Sun", True), ("sun", False)]),
        ("Nothing", "xy", [("Nothing", False)]),
        ("", "xy", []),
    ],
)
def test_what_was_typed_is_marked(name: str, typed: str, expected: list[tuple[str, bool]]) -> None:
    assert marked(name, suggesting.words(typed)) == expected


def test_a_slip_of_the_finger_is_forgiven_where_the_database_can() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_trgm'")
        ((is_there,),) = cursor.fetchall()
        if not is_there:
            pytest.skip("this PostgreSQL has no pg_trgm: nothing is suggested")
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    suggesting._has_trigrams.cache_clear()
    try:
        assert names("harbuor") == ["Harbour lights", "Blue harbour"]
        assert names("xyzzy") == []
    finally:
        suggesting._has_trigrams.cache_clear()
