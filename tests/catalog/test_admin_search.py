"""The desk teaches the search: synonyms, steered queries, and what people search for."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from catalog.admin.search_synonym import SynonymForm
from catalog.models import Pin, Product, QueryCount, SteeredQuery, Synonym
from catalog.on_search import RULES
from catalog.search import steering
from shop import markets
from shop.changes.models import Change
from shop.changes.rules import Effects
from shop.desk import dashboard
from tests.factories import follow_changes, make_product, make_user

pytestmark = pytest.mark.django_db

SYNONYMS = "/admin/catalog/synonym/"
STEERED = "/admin/catalog/steeredquery/"
SEARCHES = "/admin/catalog/querycount/"


@pytest.fixture
def desk(client: Client) -> Client:
    return member(client, "Merchant")


def member(client: Client, group: str) -> Client:
    user = make_user(is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client.force_login(user)
    return client


def text_of(answer: Any) -> str:
    text = re.sub(r"<script.*?</script>|<[^>]+>", " ", answer.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", text)


def add(desk: Client, words: str, finds: str = "", language: str = "") -> str:
    """Saves a row; what the page then says."""
    data = {"words": words, "finds": finds, "language": language}
    return text_of(desk.post(f"{SYNONYMS}add/", data, follow=True))


def rows() -> list[tuple[str, str, str]]:
    return list(Synonym.objects.order_by("pk").values_list("words", "finds", "language"))


# --- Synonyms --------------------------------------------------------------------------------------------


def test_a_row_is_kept_as_it_is_meant(desk: Client) -> None:
    assert "Synonym added" in add(desk, " laptop ,notebook;  exercise   book, ", language="en")
    assert "Synonym added" in add(desk, "cellphone -> mobile phone, handset")
    assert "Synonym added" in add(desk, "wifi", "Wi-Fi router")
    assert rows() == [
        ("laptop, notebook, exercise book", "", "en"),
        ("cellphone", "mobile phone, handset", ""),
        ("wifi", "Wi-Fi router", ""),
    ]


@pytest.mark.parametrize(
    ("words", "finds", "told"),
    [
        ("laptop", "", "Write two words or more"),
        ("", "", "Fill this in"),
        (",;,", "", "Write two words or more"),
        ("Café, cafe", "", "To a search these are one word"),
        ("laptop,,notebook", "", "Nothing stands between two of the commas"),
        ("laptop, …", "", "“…” has neither letters nor digits"),
        ("laptop, the", "", "“the” is nothing but words that every text has in English"),
        ("laptop, of the", "", "“of the” is nothing but words"),
        ("laptop, a b c d e f g", "", "is too long"),
        (f"laptop, {'x' * 61}", "", "is too long"),
        ("laptop -> notebook -> jotter", "", "Write one arrow"),
        ("laptop -> notebook", "jotter", "Write one arrow"),
        ("laptop →", "", "Write behind the arrow"),
        ("laptop, notebook", "Notebook", "“notebook” stands on both sides"),
    ],
)
def test_what_is_wrong_with_a_row_is_said(words: str, finds: str, told: str) -> None:
    form = SynonymForm({"words": words, "finds": finds, "language": "en"})
    assert not form.is_valid()
    assert told in re.sub("<[^>]+>", " ", str(form.errors))


def test_what_is_wrong_stays_as_it_was_typed(desk: Client) -> None:
    answer = desk.post(f"{SYNONYMS}add/", {"words": "laptop,,notebook", "finds": "", "language": "en"})
    assert "Nothing was saved yet: one thing to mend" in text_of(answer)
    assert answer.context["adminform"].form["words"].value() == "laptop,,notebook"
    assert rows() == []


def test_what_a_row_says_already_is_not_said_twice(desk: Client) -> None:
    Synonym.objects.create(words="laptop, notebook, computer", language="en")
    Synonym.objects.create(words="cellphone, handy", finds="mobile phone")
    for words in ("Notebook, LAPTOP", "laptop → computer", "handy → mobile phone"):
        assert "says this already" in add(desk, words, language="en")
    assert "says this already" in add(desk, "laptop, notebook", language="en-gb")  # "en" is read there too
    assert "Synonym added" in add(desk, "laptop, notebook", language="")  # more than it said: in all
    assert "Synonym added" in add(desk, "mobile phone, handy")  # … both ways
    row = Synonym.objects.earliest("pk")
    answer = desk.post(f"{SYNONYMS}{row.pk}/change/", {"words": row.words, "finds": "", "language": "en"})
    assert answer.status_code == 302  # itself is no other


def test_a_word_that_stands_in_another_row_is_told_and_kept(desk: Client) -> None:
    Synonym.objects.create(words="laptop, notebook", language="en")
    assert "A word of it stands in “laptop, notebook” too" in add(desk, "notebook, jotter")
    assert "stands in" not in add(desk, "pen, pencil")


def test_many_are_added_at_once_a_row_a_line(desk: Client) -> None:
    lines = "laptop, notebook\n\ncellphone → mobile phone\r\nsofa, couch"
    answer = desk.post(SYNONYMS, {"_quick": "1", "lines": lines, "language": "en"}, follow=True)
    assert "3 synonyms added" in text_of(answer)
    assert [words for words, *_rest in rows()] == ["laptop, notebook", "cellphone", "sofa, couch"]
    assert "3 synonyms" in text_of(desk.get(SYNONYMS))


def test_of_many_with_a_fault_none_is_added_and_the_lines_stay(desk: Client) -> None:
    lines = "laptop, notebook\nsofa\npen, the\nnotebook, laptop"
    answer = desk.post(SYNONYMS, {"_quick": "1", "lines": lines, "language": "en"})
    text = text_of(answer)
    assert "3 things to mend" in text
    for told in ("Line 2 Write two words", "Line 3 “the” is nothing", "Line 4 “laptop, notebook” says this"):
        assert told in text
    assert lines in answer.content.decode()
    assert rows() == []
    text = text_of(desk.post(SYNONYMS, {"_quick": "1", "lines": "a1, b1\n" * 201, "language": ""}))
    assert "add 200 at once at most" in text
    nothing = {"_quick": "1", "lines": " ", "language": ""}
    assert "Write one row a line" in text_of(desk.post(SYNONYMS, nothing))


def test_an_edit_purges_the_searches_of_its_language(desk: Client, settings: Any) -> None:
    settings.MARKETS = (*settings.MARKETS, markets.Market("de", "Deutschland", "de", "de", "EUR", "DE"))
    for language, codes in (
        ("de", {"de"}),
        ("en", {"eu", "gb"}),
        ("en-gb", {"gb"}),
        ("", {"de", "eu", "gb"}),
    ):
        assert purged(lambda language=language: add(desk, f"x{language}, y", language=language)) == codes
    row = Synonym.objects.get(language="de")
    changed = {"words": row.words, "finds": "", "language": "en-gb"}
    assert purged(lambda: desk.post(f"{SYNONYMS}{row.pk}/change/", changed)) == {"de", "gb"}
    assert purged(lambda: Synonym.objects.filter(pk=row.pk).delete()) == {"gb"}


def purged(edit: Any) -> set[str]:
    """Of which markets an edit purges the searches, as the rules say."""
    Change.objects.all().delete()
    edit()
    effects = Effects()
    for change in Change.objects.order_by("pk"):
        if change.model in RULES:
            RULES[change.model](list(change.noted()), effects)
    return {key.removeprefix("search/") for key in effects.keys}


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
    assert re.search(r"Blue poster .*Red poster .*Higher", text.partition("finds now")[2])
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
