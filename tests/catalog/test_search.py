"""Search: words and their beginnings, codes, pages of text, and what a query without results offers."""

import pytest
from django.test import Client, override_settings

from catalog import search
from catalog.models import Variant
from catalog.queries import listing
from catalog.search import database, learning
from tests.catalog.conftest import Look, Seen
from tests.factories import follow_changes, make_category, make_page, make_product, make_sale

pytestmark = pytest.mark.django_db


def names(page: Seen) -> list[str]:
    return [card["name"] for card in page["listing"]["cards"]]


def whole(page: Seen) -> list[str]:
    """Those that have all the words."""
    return names(page)[: page["found"]["whole"]]


def addresses(page: Seen) -> list[str]:
    return [one["url"] for one in page["pages"]]


@pytest.fixture(autouse=True)
def goods() -> None:
    make_product("Harbour lights", kind="Print", category="Posters", popularity=5, sku="HL")
    make_product("Café in Cadiz", kind="Print", category="Posters", popularity=4, sku="CC")
    make_product(
        "Dune road", kind="Notebook", category="Notebooks", popularity=9, sku="DR", summary="By a harbour."
    )
    make_product(
        "Blue tiles", kind="Print", values={"colour": "Blue", "paper": "Rag"}, popularity=3, sku="BT"
    )
    follow_changes()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Harbour lights", ["Harbour lights"]),
        ("harb", ["Harbour lights", "Dune road"]),  # in the name before elsewhere, however popular
        ("light harbours", ["Harbour lights"]),
        ("notebooks", ["Dune road"]),
        ("blue print", ["Blue tiles"]),
        ("prints -harbour", ["Café in Cadiz", "Blue tiles"]),
        ('"lights harbour"', []),
        ("tiles or dune", ["Dune road", "Blue tiles"]),
        ("café", ["Café in Cadiz"]),
        ("cafe", ["Café in Cadiz"]),
        ("hárbour lights", ["Harbour lights"]),
        ("HL-1", ["Harbour lights"]),
        ("hl-1", ["Harbour lights"]),
        ("xyzzy", []),
    ],
)
def test_a_query_finds(look: Look, query: str, expected: list[str]) -> None:
    assert whole(look("/search/", q=query)) == expected


def test_a_barcode_is_found_exactly(look: Look) -> None:
    Variant.objects.filter(sku="DR-1").update(barcode="4006381333931")
    assert names(look("/search/", q="4006381333931")) == ["Dune road"]
    assert names(look("/search/", q="400638133393")) == []


def test_code_of_a_variant_no_longer_sold_is_not_found(look: Look) -> None:
    Variant.objects.filter(sku="HL-1").update(is_active=False)
    follow_changes()
    assert names(look("/search/", q="HL-1")) == []


@pytest.mark.parametrize(
    "query",
    [
        "'",
        '"',
        "a:*",
        "!",
        "()",
        "&|",
        "\\",
        "the",
        "-",
        "or",
        "%",
        "<b>",
        "🦊",
        "x" * 500,
        "a " * 300,
        "tiles' or",
        "ﬁ\u202e",
    ],
)
def test_any_text_is_a_query(look: Look, query: str) -> None:
    page = look("/search/", q=query)
    assert page.status == 200
    assert len(page["query"]) <= search.LONGEST


def test_odd_bytes_are_a_query_or_refused(client: Client) -> None:
    assert client.get("/search/?q=%ff%fe", follow=True).status_code == 200
    assert client.get("/search/?q=%00").status_code == 400
    assert client.get("/search/?q=%ed%a0%80", follow=True).status_code == 200


def test_the_query_stays_in_the_field_in_the_filters_and_in_the_pages(look: Look) -> None:
    with override_settings(CARDS_PER_PAGE=1):
        page = look("/search/", q="  print \n blue ")
        assert (page.address, page["query"]) == ("/search/?q=print+blue", "print blue")
        assert 'value="print blue"' in page.html
        assert page["listing"]["hidden"] == [("q", "print blue")]
        everywhere = look("/search/", q="print")["listing"]
        assert everywhere["next_url"] == "/search/?q=print&page=2"
        assert names(look("/search/", q="print", page="2")) != [card["name"] for card in everywhere["cards"]]
        assert look("/search/", q="print", page="9").address == "/search/?q=print&page=3"


def test_results_are_filtered_and_sorted_like_a_category(look: Look) -> None:
    make_product(
        "Red tiles", kind="Print", price="5", values={"colour": "Red", "paper": "Rag"}, popularity=99
    )
    follow_changes()
    page = look("/search/", q="tiles", colour="blue")
    assert names(page) == ["Blue tiles"]
    assert page["listing"]["chips"] == [{"label": "Blue", "url": "/search/?q=tiles"}]
    assert {v["slug"]: v["count"] for v in page["listing"]["facets"][0]["values"]} == {"blue": 1, "red": 1}
    assert names(look("/search/", q="tiles", sort="price")) == ["Red tiles", "Blue tiles"]
    assert [one["value"] for one in page["listing"]["sorts"] if one["is_current"]] == ["relevance"]


@pytest.mark.parametrize("query", ["returns", "Return", "delivery", "deliv"])
def test_returns_and_delivery_find_their_pages(look: Look, query: str) -> None:
    make_page("Delivery and returns", slug="delivery", body="<p>Everything about parcels.</p>")
    make_page("Imprint", body="<p>Nothing.</p>")
    page = look("/search/", q=query)
    assert addresses(page) == ["/info/delivery/"]
    assert "1 page found" in page.html
    assert "0 things" not in page.html
    assert "We found no goods" not in page.html


def test_a_page_that_only_mentions_the_word_shows_where_no_goods_do(look: Look) -> None:
    make_page("Delivery", body="<p>Prints travel in tubes.</p>", summary="How it comes")
    assert look("/search/", q="print")["pages"] == []
    (found,) = look("/search/", q="tubes")["pages"]
    assert found == {"name": "Delivery", "url": "/info/delivery/", "summary": "How it comes"}
    assert addresses(look("/gb/search/", q="tubes")) == ["/gb/info/delivery/"]


@pytest.mark.parametrize("query", ["return policy", "how do I return this", "my parcel delivery"])
def test_one_word_of_a_pages_title_is_enough(look: Look, query: str) -> None:
    make_page("Delivery and returns", slug="delivery", body="<p>Everything.</p>")
    make_page("Contact", summary="Policy and parcels", body="<p>How this works.</p>")
    assert addresses(look("/search/", q=query)) == ["/info/delivery/"]


def test_only_the_last_word_may_be_the_beginning_of_a_pages_title(look: Look) -> None:
    make_page("Contact", body="<p>Write to us.</p>")
    assert addresses(look("/search/", q="cont tiles")) == []
    assert addresses(look("/search/", q="tiles cont")) == ["/info/contact/"]


def test_a_page_of_that_title_shows_above_goods_as_well(look: Look) -> None:
    make_page("Returns", body="<p>Thirty days.</p>")
    page = look("/search/", q="returns of tiles")
    assert (names(page), addresses(page)) == (["Blue tiles"], ["/info/returns/"])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("harbour lights poster xyzzy", ["Harbour lights"]),  # three of four
        ("framed blue tiles", ["Blue tiles"]),
        ("the xyzzy dune", ["Dune road"]),
        ("harbour tiles", ["Harbour lights", "Blue tiles", "Dune road"]),  # one each
        ("xyzzy plugh", []),
        ('"lights harbour" tiles', []),  # who quotes means it
        ("dune -road tiles", []),
        ("xyzzy or plugh", []),
    ],
)
def test_where_nothing_has_all_words_those_with_most_of_them_are_shown_and_it_is_said(
    look: Look, query: str, expected: list[str]
) -> None:
    page = look("/search/", q=query)
    assert sorted(names(page)) == sorted(expected)
    assert page["found"]["is_partial"] == bool(expected)
    assert ("Nothing has all of these words" in page.html) == bool(expected)


def test_what_comes_close_stands_behind_what_has_all_words_and_it_is_said(look: Look) -> None:
    page = look("/search/", q="harbour lights")
    assert names(page) == ["Harbour lights", "Dune road"]
    assert "1 thing has all of these words.\n" in page.html
    assert "1 more comes close." in page.html
    assert names(look("/search/", q="harbour lights", sort="price")) == ["Harbour lights"]


def test_nothing_comes_close_where_enough_has_all_words(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "FEW", 1)
    assert names(look("/search/", q="harbour lights")) == ["Harbour lights"]


def test_closest_goods_are_those_of_the_market(look: Look) -> None:
    make_product("Harbour wall", gbp=None)
    follow_changes()
    assert names(look("/gb/search/", q="harbour wall xyzzy")) == ["Harbour lights", "Dune road"]


def test_a_query_without_results_keeps_the_query_and_leads_on(look: Look) -> None:
    make_category("Posters")
    page = look("/search/", q="xyzzy")
    assert "xyzzy" in page.html
    assert [one["name"] for one in page["suggestions"]["categories"]] == ["Posters", "Notebooks"]
    assert [one["name"] for one in page["suggestions"]["cards"]][:2] == ["Dune road", "Harbour lights"]
    assert page["chrome"]["noindex"]


def test_a_search_corrects_and_says_so(look: Look) -> None:
    learning.learn("en")
    page = look("/search/", q="habour lights")
    assert names(page)[0] == "Harbour lights"
    assert page["found"]["corrected"] == "harbour lights"
    assert "“harbour lights”</a>" in page.html
    assert look("/search/", q="harbour lights")["found"]["corrected"] == ""


def test_a_word_of_goods_that_have_just_come_is_found_before_it_is_learned(look: Look) -> None:
    learning.learn("en")
    make_product("Habour of typos")
    follow_changes()
    page = look("/search/", q="habour")
    assert names(page)[0] == "Habour of typos"


@pytest.mark.parametrize("query", ["!!!", "-", '"', "😀", "_"])
def test_where_there_is_no_word_to_search_for_that_is_said(look: Look, query: str) -> None:
    assert "no word in this to search for" in look("/search/", q=query).html


@pytest.mark.parametrize("query", ['"xyzzy at night"', "xyzzy -at night", '-"xyzzy at" night'])
def test_what_quotes_or_minus_kept_from_being_found_is_offered_without_them(look: Look, query: str) -> None:
    html = look("/search/", q=query).html
    assert "without quotes and minus" in html
    assert 'href="/search/?q=xyzzy+at+night"' in html
    assert "without quotes and minus" not in look("/search/", q="xyzzy at night").html


def test_a_short_word_that_finds_nothing_is_a_word_and_a_longer_one_may_help(look: Look) -> None:
    for query in ("x", "A3"):
        html = look("/search/", q=query).html
        assert "A longer word may help" in html
        assert "no word in this" not in html
    assert "A longer word" not in look("/search/", q="xyzzy").html


def test_without_a_query_it_says_where_to_begin(look: Look) -> None:
    page = look("/search/")
    assert (page.status, page["listing"]) == (200, None)
    assert page["suggestions"]["cards"]


def test_what_is_on_sale_is_a_list_of_its_own(look: Look) -> None:
    make_sale("5.00", product__name__in=["Blue tiles", "Dune road"])
    follow_changes()
    page = look("/search/", sale="1")
    assert names(page) == ["Dune road", "Blue tiles"]
    assert page["chrome"]["section"] == "sale"
    assert not page["chrome"]["noindex"]
    assert (page["listing"]["chips"], page["listing"]["hidden"]) == ([], [("sale", "1")])
    assert look("/search/", sale="1", max="1")["listing"]["clear_url"] == "/search/?sale=1"


def test_each_market_finds_its_own(look: Look) -> None:
    make_product("Only here", gbp=None)
    follow_changes()
    assert names(look("/search/", q="only here")) == ["Only here"]
    assert names(look("/gb/search/", q="only here")) == []
    assert look("/gb/search/", q="dune")["listing"]["cards"][0]["url"] == "/gb/p/dune-road/"


def test_a_list_of_any_length_is_counted_and_can_be_leafed_through_so_far(
    look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "DEEPEST", 2)
    with override_settings(CARDS_PER_PAGE=1):
        page = look("/search/", q="print")
        assert (page["listing"]["total"], page["listing"]["pages"]) == (3, 2)
        assert look("/search/", q="print", page="3").address == "/search/?q=print&page=2"
        assert "narrow" in look("/search/", q="print", page="2").html
