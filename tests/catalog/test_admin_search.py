"""Steered queries and what people search for, on the desk; who may see them, and who may edit."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from catalog.models import Pin, Product, QueryCount, SteeredQuery, Synonym
from catalog.search import steering
from shop import markets
from shop.desk import dashboard
from tests.catalog.teaching import SEARCHES, STEERED, SYNONYMS, member, purged, text_of
from tests.factories import follow_changes, make_product, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client) -> Client:
    return member(client, "Merchant")


# --- Steered queries -------------------------------------------------------------------------------------


def steer(desk: Client, query: str, market: str = "", **pins: tuple[Product, str, int]) -> Any:
    data: dict[str, Any] = {"query": query, "market": market}
    data |= {"pins-TOTAL_FORMS": len(pins), "pins-INITIAL_FORMS": 0}
    for number, (product, kind, position) in enumerate(pins.values()):
        data |= {f"pins-{number}-product": product.pk, f"pins-{number}-kind": kind}
        data |= {f"pins-{number}-position": position}
    return desk.post(f"{STEERED}add/", data, follow=True)


def test_a_query_is_steered_with_its_pins(desk: Client) -> None:
    one, two, three = (make_product(f"Poster {number}") for number in range(3))
    answer = steer(desk, " Blue  Póster ", a=(one, "first", 2), b=(two, "first", 1), c=(three, "hidden", 0))
    assert "Steered query added" in text_of(answer)
    found = steering.of(markets.default(), "blue poster")
    assert (found.first, found.hidden) == ((two.pk, one.pk), (three.pk,))
    assert SteeredQuery.objects.get().query == "Blue Póster"
    assert "At the top: 2 · Not at all: 1" in text_of(desk.get(STEERED))


def test_a_query_is_steered_once_in_a_market(desk: Client) -> None:
    steer(desk, "Poster")
    assert "“Poster” is steered there already" in text_of(steer(desk, "póster!"))
    assert "Steered query added" in text_of(steer(desk, "poster", "gb"))
    assert "Write at least one word" in text_of(steer(desk, "…"))
    product = make_product("Poster 1")
    answer = steer(desk, "print", a=(product, "first", 0), b=(product, "hidden", 0))
    assert "A product is pinned here twice" in text_of(answer)
    assert SteeredQuery.objects.count() == 2


def test_a_query_that_is_renamed_is_steered_by_its_new_words(desk: Client) -> None:
    steer(desk, "poster")
    row = SteeredQuery.objects.get()
    data = {"query": "Prints", "market": "gb", "pins-TOTAL_FORMS": 0, "pins-INITIAL_FORMS": 0}
    assert desk.post(f"{STEERED}{row.pk}/change/", data).status_code == 302
    row.refresh_from_db()
    assert (row.query, row.folded, row.market) == ("Prints", "prints", "gb")


def test_the_form_shows_what_the_query_finds_and_what_is_pinned_of_it(desk: Client) -> None:
    one, two = make_product("Blue poster", popularity=9), make_product("Red poster")
    follow_changes()
    steer(desk, "poster", a=(two, "higher", 0))
    text = text_of(desk.get(f"{STEERED}{SteeredQuery.objects.get().pk}/change/"))
    assert "What “poster” finds now (Europe)" in text
    assert re.search(r"Red poster .*Higher.* Blue poster", text.partition("finds now")[2])
    text = text_of(desk.get(f"{STEERED}add/", {"query": "blue", "market": "gb"}))
    assert "What “blue” finds now (United Kingdom)" in text
    assert "Nothing. What you pin at the top" in text_of(desk.get(f"{STEERED}add/", {"query": "xyzzy"}))
    assert "finds now" not in text_of(desk.get(f"{STEERED}add/"))
    for strange in ("999999", "9" * 30, "x"):
        assert desk.get(f"{STEERED}{strange}/change/").status_code in {302, 404}
    assert one.pk


@pytest.mark.parametrize(("market", "codes"), [("", {"eu", "gb"}), ("gb", {"gb"})])
def test_an_edit_of_a_pin_purges_the_searches_of_its_market(
    desk: Client, market: str, codes: set[str]
) -> None:
    one, two = make_product("One"), make_product("Two")
    assert purged(lambda: steer(desk, "thing", market, a=(one, "first", 0))) == codes
    row, pin = SteeredQuery.objects.get(), Pin.objects.get()
    assert purged(lambda: Pin.objects.update(kind="hidden")) == codes
    assert purged(lambda: Pin.objects.create(steered=row, product=two)) == codes
    assert purged(lambda: pin.delete()) == codes
    assert purged(lambda: SteeredQuery.objects.update(market="eu")) == codes | {"eu"}
    assert purged(lambda: SteeredQuery.objects.all().delete()) == {"eu"}


# --- What people search for ------------------------------------------------------------------------------


def count(query: str, searches: int, zero: int = 0, *, market: str = "eu", days_ago: int = 0) -> None:
    day = timezone.localdate() - timedelta(days=days_ago)
    given = {"market": market, "query": steering.key(query), "shown": query, "day": day}
    QueryCount.objects.create(**given, searches=searches, zero=zero)


def found(desk: Client, **query: str) -> Any:
    context = desk.get(SEARCHES, query).context
    lists = ("missing", "frequent")
    return [
        [(row["shown"], strip(row["searches"]), strip(row["zero"])) for row in context[name]]
        for name in lists
    ]


def strip(cell: str) -> str:
    return re.sub("<[^>]+>", "", cell)


def test_the_page_lists_what_is_searched_most_and_in_vain(desk: Client) -> None:
    count("poster", 9)
    count("poster", 5, days_ago=10)
    count("café", 3, 3)
    count("unicorn", 4, 4, market="gb")
    count("old", 99, 99, days_ago=30)
    assert found(desk) == [
        [("unicorn", "4", "4"), ("café", "3", "3")],
        [("poster", "14", "–"), ("unicorn", "4", "4"), ("café", "3", "3")],
    ]
    assert found(desk, days="7")[1][0] == ("poster", "9", "–")
    assert found(desk, market="gb") == [[("unicorn", "4", "4")], [("unicorn", "4", "4")]]
    assert found(desk, days="x", market="nowhere") == found(desk)
    text = text_of(desk.get(SEARCHES))
    assert "21 searches" in text
    assert "7 without a result (33 %)" in text


def test_each_row_leads_to_what_can_be_done_about_it(desk: Client) -> None:
    count("café", 3, 3, market="gb")
    html = desk.get(SEARCHES).content.decode()
    synonym, steered, result = re.findall(
        r'<td class="searches__ways">\s*<a href="([^"]+)".*?<a href="([^"]+)".*?<a href="([^"]+)"', html
    )[0]
    form = desk.get(synonym.replace("&amp;", "&")).context["adminform"].form
    assert (form["words"].value(), form["language"].value()) == ("café", "en")
    form = desk.get(steered.replace("&amp;", "&")).context["adminform"].form
    assert (form["query"].value(), form["market"].value()) == ("café", "gb")
    assert result == "/gb/search/?q=caf%C3%A9"
    steer(desk, "Cafe", "gb")
    html = desk.get(SEARCHES).content.decode()
    assert f"{STEERED}{SteeredQuery.objects.get().pk}/change/" in html


def test_support_looks_and_merchants_edit(client: Client) -> None:
    count("café", 3, 3)
    row = Synonym.objects.create(words="a, b")
    steered = SteeredQuery.objects.create(query="a", folded="a")
    member(client, "Support")
    for path in (
        SEARCHES,
        SYNONYMS,
        STEERED,
        f"{SYNONYMS}{row.pk}/change/",
        f"{STEERED}{steered.pk}/change/",
    ):
        assert client.get(path).status_code == 200, path
    html = client.get(SEARCHES).content.decode()
    assert "Add a synonym" not in html
    assert "Steer it" not in html
    assert "Add some, one row a line" not in client.get(SYNONYMS).content.decode()
    for path in (f"{SYNONYMS}add/", f"{STEERED}add/"):
        assert client.get(path).status_code == 403, path
    client.post(SYNONYMS, {"_quick": "1", "lines": "c, d", "language": ""})
    assert Synonym.objects.count() == 1
    client.logout()
    nobody = make_user(is_staff=True)
    client.force_login(nobody)
    for path in (SEARCHES, SYNONYMS, STEERED):
        assert client.get(path).status_code == 403, path


def test_the_first_page_tells_of_what_is_searched_in_vain_again_and_again(desk: Client) -> None:
    def figures() -> dict[str, int]:
        shown = desk.get(reverse("admin:index")).context["figures"]
        return {str(one.label): one.count for one in shown if "nothing" in str(one.label)}

    count("once", 2, 2)
    count("long ago", 9, 9, days_ago=8)
    assert figures() == {}
    count("café", 3, 3)
    assert figures() == {"search finds nothing": 1}
    count("unicorn", 3, 3)
    assert figures() == {"searches find nothing": 2}
    assert dashboard.MOST > 100


def test_the_three_stand_with_the_goods(desk: Client) -> None:
    (goods,) = [
        part for part in desk.get(reverse("admin:index")).context["app_list"] if part["app_label"] == "goods"
    ]
    names = [str(entry["name"]) for entry in goods["models"]]
    assert {"Searches", "Synonyms", "Steered queries"} <= {name.capitalize() for name in names}
