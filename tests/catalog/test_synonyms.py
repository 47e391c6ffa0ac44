"""Synonyms: which words of a query mean something else as well, and that an edit is never missed."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.db import connection, transaction

from catalog.models import Synonym
from catalog.search import synonyms
from catalog.search.synonyms import Expansion, build
from catalog.search.words import folded
from shop import markets
from shop.edge.recording import Unrecorded, recording

ROWS = [
    ("laptop, notebook", ""),
    ("notebook, jotter, exercise book", ""),
    ("cellphone, handy", "mobile phone"),
]


def meant(query: str, rows: Sequence[tuple[str, str]] = ROWS) -> dict[str, list[str]]:
    """{"the words asked": ["what they mean too"]}"""
    words = folded(query)
    return {
        " ".join(words[one.start : one.end]): [" ".join(other) for other in one.alternatives]
        for one in build(rows).expansions(words)
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("laptop", {"laptop": ["notebook"]}),  # no jotters: one step, no further
        ("a blue Notebook", {"notebook": ["laptop", "jotter", "exercise book"]}),
        ("exercise books", {}),  # word forms are the caller's
        ("Exercise-Book A4", {"exercise book": ["notebook", "jotter"]}),
        ("cellphone case", {"cellphone": ["mobile phone"]}),
        ("handy", {"handy": ["mobile phone"]}),  # and no cellphone
        ("mobile phone", {}),  # one way
        ("laptop laptop", {"laptop": ["notebook"]}),
        ("", {}),
        ("…", {}),
    ],
)
def test_words_mean_what_the_merchant_wrote(query: str, expected: dict[str, list[str]]) -> None:
    assert meant(query) == expected


def test_the_longest_term_is_meant_and_no_word_twice() -> None:
    rows = [("phone, telephone", ""), ("mobile phone, cellphone", ""), ("phone case, cover", "")]
    assert meant("mobile phone case", rows) == {"mobile phone": ["cellphone"]}
    assert meant("phone case", rows) == {"phone case": ["cover"]}
    assert meant("phone mobile", rows) == {"phone": ["telephone"]}


def test_every_place_of_a_term_is_told_in_their_order() -> None:
    table = build([("tv, television", ""), ("stand, mount", "")])
    assert table.expansions(["tv", "stand", "for", "tv"]) == [
        Expansion(0, 1, (("television",),)),
        Expansion(1, 2, (("mount",),)),
        Expansion(3, 4, (("television",),)),
    ]


def test_accents_case_and_punctuation_make_no_other_word() -> None:
    assert meant("KÜHLSCHRÄNKE", [("Kuhlschranke; Eisschrank", "")]) == {"kuhlschranke": ["eisschrank"]}
    assert meant("wlan", [("Wi-Fi, WLAN", "")]) == {"wlan": ["wi fi"]}
    assert meant("strasse", [("Straße, Weg", "")]) == {"strasse": ["weg"]}


def singular(word: str) -> str:
    return word.removesuffix("s")


def test_a_rule_for_word_forms_finds_terms_and_changes_no_alternative() -> None:
    table = build([("notebook, jotters", "")], singular)
    assert table.expansions(["jotter"]) == [Expansion(0, 1, (("notebook",),))]
    assert table.expansions(["notebooks"]) == [Expansion(0, 1, (("jotters",),))]
    assert build([("jotter, jotters", "")], singular).expansions(["jotter"]) == []  # the same to it


@pytest.mark.django_db
def test_a_market_reads_those_of_its_language_its_variant_and_all() -> None:
    for language, words in (("", "a, b"), ("en", "c, d"), ("en-gb", "e, f"), ("de", "g, h")):
        Synonym.objects.create(language=language, words=words)
    assert [len(synonyms.table(language)) for language in ("en", "en-gb", "de", "fr")] == [4, 6, 4, 2]
    assert len(synonyms.of(markets.get("gb"))) == 6


@pytest.mark.django_db
def test_an_edit_holds_for_the_next_search_however_it_was_made() -> None:
    def laptops() -> list[str]:
        return [
            " ".join(term) for one in synonyms.table("en").expansions(["laptop"]) for term in one.alternatives
        ]

    def sql(statement: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    assert laptops() == []
    row = Synonym.objects.create(words="laptop, notebook")
    assert laptops() == ["notebook"]
    Synonym.objects.filter(pk=row.pk).update(words="laptop, jotter")
    assert laptops() == ["jotter"]
    sql("UPDATE catalog_synonym SET finds = 'tablet', words = 'laptop'")
    assert laptops() == ["tablet"]
    Synonym.objects.bulk_create([Synonym(words="laptop, pad")])
    assert laptops() == ["tablet", "pad"]
    row.delete()
    assert laptops() == ["pad"]
    sql("TRUNCATE catalog_synonym")
    assert laptops() == []
    with transaction.atomic():
        Synonym.objects.create(words="laptop, notebook")
        assert laptops() == ["notebook"]  # to whoever writes it
        transaction.set_rollback(True)
    assert laptops() == []


@pytest.mark.django_db
def test_a_table_is_made_once_for_a_version_of_its_rows(django_assert_num_queries) -> None:
    Synonym.objects.create(words="laptop, notebook")
    with django_assert_num_queries(2):
        before = synonyms.table("en")
    with django_assert_num_queries(1):
        assert synonyms.table("en") is before
    with django_assert_num_queries(2):
        assert synonyms.table("en", singular) is not before


@pytest.mark.django_db
def test_no_more_tables_are_kept_than_are_asked_for() -> None:
    for number in range(2 * synonyms.KEPT):
        Synonym.objects.create(words=f"laptop, notebook{number}")
        synonyms.table("en")
    assert len(synonyms._kept) <= synonyms.KEPT


@pytest.mark.django_db
def test_a_term_that_a_languages_searches_leave_out_is_told(settings: Any) -> None:
    settings.MARKETS = (*settings.MARKETS, markets.Market("de", "Deutschland", "de", "de", "EUR", "DE"))
    terms = ["die", "die box", "the", "of the"]
    assert synonyms.fillers(terms, "de") == [("die", "de")]
    assert synonyms.fillers(terms, "en-gb") == [("the", "en-gb"), ("of the", "en-gb")]
    assert synonyms.fillers(terms, "") == [("die", "de"), ("the", "en"), ("of the", "en")]
    assert synonyms.fillers(["box"], "") == []


@pytest.mark.django_db
def test_a_page_that_reads_them_carries_its_markets_searches() -> None:
    with recording() as page:
        synonyms.of(markets.get("gb"))
        assert page.keys == {"search/gb"}
        with pytest.raises(Unrecorded):
            synonyms.table("en")
