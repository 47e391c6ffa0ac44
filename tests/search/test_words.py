"""How a query is taken apart, and what else its words mean."""

import pytest

from catalog.search.meaning import expand, meant_by
from catalog.search.stems import key, stemmer
from catalog.search.synonyms import build
from catalog.search.vocabulary import Known, apart, less
from catalog.search.words import MOST_GROUPS, Asked, Way, parse

NO_SYNONYMS = build([])


def shape(asked: Asked) -> list[list[str]]:
    """The ways of each group: words side by side, * if the last may go on, in quotes if they are a phrase."""
    return [
        [f'"{" ".join(w.words)}"' if w.is_phrase else " ".join(w.words) + "*" * w.is_open for w in group.ways]
        for group in asked.groups
    ]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Blue Tiles", [["blue"], ["tiles*"]]),
        ("Café", [["cafe*"]]),
        ('"lights harbour"', [['"lights harbour"']]),
        ('blue "tile"', [["blue"], ["tile"]]),
        ("tiles or dune", [["tiles*", "dune*"]]),
        ("or tiles", [["or"], ["tiles*"]]),
        ("tiles or", [["tiles*"]]),
        ("wi-fi", [["wi fi*", "wifi*"]]),
        ("HL-1", [["hl-1*", "hl 1*", "hl1*"]]),
        ("3.5mm jack", [["3.5mm", "3.5 mm", "3.5mm"], ["jack*"]]),
        ("tiles, blue.", [["tiles"], ["blue"]]),
        ("blue blue", [["blue*"]]),
        ("the 'dune'", [["the"], ["dune"]]),
        ("🦊 & |", []),
        ("-", []),
        ('"', []),
    ],
)
def test_a_query_is_words_each_with_its_ways(query: str, expected: list[list[str]]) -> None:
    found = [list(dict.fromkeys(ways)) for ways in shape(parse(query))]
    assert found == [list(dict.fromkeys(ways)) for ways in expected]


def test_what_is_left_out_is_no_group() -> None:
    asked = parse("prints -harbour")
    assert shape(asked) == [["prints"]]
    assert [way.words for way in asked.excluded] == [("harbour",)]
    assert asked.is_strict


@pytest.mark.parametrize(
    ("query", "enough"), [("a", 1), ("a b", 1), ("a b c", 2), ("a b c d", 2), ('"a" b', 2)]
)
def test_half_of_the_words_come_close_unless_somebody_means_it(query: str, enough: int) -> None:
    assert parse(query).enough == enough


def test_no_query_is_longer_than_can_be_asked() -> None:
    assert len(parse(" ".join(f"word{n}" for n in range(300))).groups) == MOST_GROUPS


# --- What words mean besides ---------------------------------------------------------------


def test_synonyms_are_ways_worth_less_than_what_was_typed() -> None:
    same = build([("laptop, notebook", ""), ("mobile phone, cellphone", "")])
    asked = expand(parse("laptop mobile phone bag"), Known(), same)
    assert shape(asked) == [["laptop", "notebook"], ["mobile phone", "cellphone"], ["bag*"]]
    typed, other = asked.groups[0].ways
    assert typed.weight == 1.0 > other.weight


def test_a_synonym_in_which_the_typed_word_stands_finds_no_more() -> None:
    asked = expand(parse("camera"), Known(), build([("camera, digital camera, camcorder", "")]))
    assert shape(asked) == [["camera*", "camcorder"]]


def test_a_word_that_goods_bear_is_not_the_beginning_of_another() -> None:
    assert shape(expand(parse("desk"), Known(stems={"desk": 3}), NO_SYNONYMS)) == [["desk"]]
    assert shape(expand(parse("des"), Known(stems={"des": 0}), NO_SYNONYMS)) == [["des*"]]


def test_stop_words_are_left_out_unless_there_are_no_others() -> None:
    known = Known(stems={"the": -1, "other": -1, "dune": 4})
    assert shape(expand(parse("the dune"), known, NO_SYNONYMS)) == [["dune"]]
    assert shape(expand(parse("the other"), known, NO_SYNONYMS)) == [["the"], ["other*"]]


def test_words_written_apart_are_found_in_one_and_the_other_way_round() -> None:
    apart_ = expand(parse("smart watch"), Known(words={"smartwatch": 4}, stems={"watch": 1}), NO_SYNONYMS)
    assert shape(apart_) == [["smart watch", "smartwatch"]]
    known = Known(stems={"smartwatch": 0}, words={"smart": 2, "watch": 3, "sma": 1})
    assert shape(expand(parse("smartwatch"), known, NO_SYNONYMS)) == [["smartwatch*", "smart watch"]]
    # Two words that are no word together stay two: who has one of them comes close.
    assert shape(expand(parse("blue tiles"), Known(stems={"tiles": 1}), NO_SYNONYMS)) == [["blue"], ["tiles"]]


def test_a_compound_is_what_its_last_word_is() -> None:
    known = Known(
        stems={"lampe": 3, "tisch": 2},
        wholes={"tischlampe": ("tisch", "lampe"), "lampentisch": ("lampe", "tisch")},
    )
    assert shape(expand(parse("lampe"), known, NO_SYNONYMS)) == [["lampe", "tischlampe"]]
    assert shape(expand(parse("tisch"), known, NO_SYNONYMS)) == [["tisch", "lampentisch"]]


def test_a_mistyped_word_means_the_nearest_that_goods_bear_and_it_is_told() -> None:
    known = Known(
        stems={"harbuor": 0, "lights": 5}, near={"harbour": 4, "harbor": 1, "habour": 0}, last="lights"
    )
    asked = expand(parse("harbuor lights"), known, NO_SYNONYMS)
    assert asked.groups[0].ways[0].words == ("harbuor",)
    assert asked.groups[0].ways[1].words == ("harbour",)
    assert asked.corrected == "harbour lights"


def test_what_was_meant_has_its_synonyms_and_what_was_typed_is_asked_for_too() -> None:
    same = build([("laptop, notebook", "")])
    typed = expand(
        parse("labtop bag"), Known(stems={"labtop": 0, "bag": 2}, near={"laptop": 3}, last="bag"), same
    )
    meant = expand(parse(typed.corrected), Known(stems={"laptop": 3, "bag": 2}), same)
    asked = meant_by(typed, meant)
    assert shape(asked) == [["laptop", "labtop", "notebook"], ["bag"]]
    assert (asked.text, asked.corrected) == ("labtop bag", "laptop bag")


def test_a_mistyped_word_that_happens_to_be_two_others_is_mistyped() -> None:
    known = Known(stems={"labtop": 0}, words={"lab": 3, "top": 9}, near={"laptop": 30}, last="labtop")
    asked = expand(parse("labtop"), known, NO_SYNONYMS)
    assert shape(asked) == [["labtop*", "lab top", "laptop"]]
    assert asked.corrected == "laptop"


@pytest.mark.parametrize(
    ("query", "known"),
    [
        ("harbour", Known(stems={"harbour": 1}, near={"harbor": 9})),  # goods bear it
        ("harb", Known(stems={"harb": 0}, near={"harp": 9}, last="harb", is_beginning=True)),  # half a word
        ("xy1234", Known(near={"xy1235": 3})),  # a code
        ('"harbuor"', Known(stems={"harbuor": 0}, near={"harbour": 9})),  # who quotes means it
        ("cat", Known(stems={"cat": 0}, near={"car": 9})),  # too short to know
        ("laptop", Known(stems={"laptop": 0}, near={"lapdog": 9})),  # a synonym knows it
    ],
)
def test_what_may_be_meant_as_it_was_typed_is_not_corrected(query: str, known: Known) -> None:
    same = build([("laptop, notebook", "")])
    assert expand(parse(query), known, same).corrected == ""


def test_rare_words_tell_more() -> None:
    known = Known(stems={"red": 900, "gargoyle": 2}, total=1000)
    red, gargoyle = expand(parse("red gargoyle"), known, NO_SYNONYMS).groups
    assert gargoyle.ways[0].rarity > red.ways[0].rarity


def test_a_synonym_in_more_words_is_not_worth_more_for_that() -> None:
    known = Known(stems={"ups": 5}, total=100)
    (group,) = expand(parse("ups"), known, build([("ups, uninterruptible power supply", "")])).groups
    typed, other = group.ways
    assert sum(other.rarity) == pytest.approx(sum(typed.rarity))


# --- Letters ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        ("lamp", "lamp", 0),
        ("lamp", "lamps", 1),
        ("lamp", "damp", 1),
        ("lamp", "lmap", 1),
        ("lamp", "lmpa", 2),
        ("lamp", "chandelier", 3),
    ],
)
def test_letters_apart(one: str, other: str, distance: int) -> None:
    assert apart(one, other) == apart(other, one) == distance


@pytest.mark.parametrize("other", ["harbours", "harbor", "hrabour", "harbowr", "aharbour", "harbou"])
def test_words_one_edit_apart_share_a_word_less_a_letter(other: str) -> None:
    assert set(less("harbour")) & set(less(other))


def test_what_something_is_called_is_the_same_in_all_forms_and_orders() -> None:
    assert key("en", "Toner cartridges") == key("en-gb", "cartridge, TONER")
    assert key("de", "Lampen") == key("de", "lampe")
    assert stemmer("ja")("lamps") == "lamps"
    assert Way(("a",)) == Way(("a",), rarity=(2.0,))  # how rare it is makes no other way
