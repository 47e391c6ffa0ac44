"""Synonyms on the desk: what is wrong with a row is said, and many are added at once."""

import re
from typing import Any

import pytest
from django.test import Client

from catalog.admin.search_synonym import SynonymForm
from catalog.models import Synonym
from shop import markets
from tests.catalog.teaching import SYNONYMS, member, purged, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client) -> Client:
    return member(client, "Merchant")


def add(desk: Client, words: str, finds: str = "", language: str = "") -> str:
    """Saves a row; what the page then says."""
    data = {"words": words, "finds": finds, "language": language}
    return text_of(desk.post(f"{SYNONYMS}add/", data, follow=True))


def rows() -> list[tuple[str, str, str]]:
    return list(Synonym.objects.order_by("pk").values_list("words", "finds", "language"))


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
