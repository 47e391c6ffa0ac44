"""How a query is taken apart, and what else its words mean."""

import pytest

from catalog.search.meaning import corrected, expand
from catalog.search.stems import key, stemmer
from catalog.search.synonyms import Synonyms, build
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
        ("wi-fi", [["wi fi", "wifi*"]]),
        ("HL-1", [["hl-1*", "hl 1", "hl1*"]]),
        ("3.5mm jack", [["3.5mm", "3.5 mm", "3.5mm"], ["jack*"]]),
        ("tiles, blue.", [["tiles"], ["blue"]]),
        ("blue blue", [["blue*"]]),
        ("hp tv", [["hp"], ["tv"]]),
        ('17" monitor', [["17"], ["monitor*"]]),
        ('"lights harbour', [["lights"], ["harbour*"]]),
        ("node.js", [["node.js*", "node js", "nodejs*"]]),
        ("black/white", [["black white*", "blackwhite*"]]),
        ("Core™ i7®", [["core"], ["i7"]]),
        ("ドライバー が", [["ドライバー"], ["が"]]),
        ("ёлка й", [["ёлка"], ["й"]]),
        ("हिन्दी", [["हिन्दी*"]]),
        ("the 'dune'", [["the"], ["dune"]]),
        ("print 50x70", [["print"], ["50x70*", "50 70"]]),
        ("50 × 70 cm", [["50x70", "50 70"], ["cm"]]),
        ("1.5 X 2x3", [["1.5x2x3*", "1.5 2 3"]]),
        ("x 70", [["x"], ["70"]]),
        ("silver ½", [["silver"]]),
        ("_ silver", [["silver*"]]),
        ("ＵＳＢ ﬁlter", [["usb"], ["filter*"]]),
        ("🦊 & |", []),
        ("-", []),
        ('"', []),
    ],
)
def test_a_query_is_words_each_with_its_ways(query: str, expected: list[list[str]]) -> None:
    found = [list(dict.fromkeys(ways)) for ways in shape(parse(query))]
    assert found == [list(dict.fromkeys(ways)) for ways in expected]


def test_what_is_left_out_is_no_group() -> None:
    asked = parse("prints -harbour -wi-fi")
    assert shape(asked) == [["prints"]]
    assert [way.words for way in asked.excluded] == [("harbour",), ("wi", "fi"), ("wifi",)]
    assert asked.is_strict


@pytest.mark.parametrize(
    ("language", "query", "expected"),
    [
        ("en-gb", "tiles OR dune", [["tiles*", "dune*"]]),
        ("de", "Kissen oder Decke", [["kissen*", "decke*"]]),
        ("fr", "bague or", [["bague"], ["or"]]),  # of gold
        ("fr", "bague ou collier", [["bague*", "collier*"]]),
        ("ja", "tiles or dune", [["tiles"], ["or"], ["dune*"]]),
    ],
)
def test_or_is_the_word_of_the_language(language: str, query: str, expected: list[list[str]]) -> None:
    asked = parse(query, language)
    assert shape(asked) == expected
    assert asked.is_strict == (len(expected) == 1)


def test_a_quote_that_nobody_ends_is_not_meant() -> None:
    assert not parse('17" monitor').is_strict
    assert not parse("tiles or").is_strict
    assert parse('"17 monitor"').is_strict


@pytest.mark.parametrize(
    ("query", "enough"), [("a", 1), ("a b", 1), ("a b c", 2), ("a b c d", 2), ('"a" b', 2)]
)
def test_half_of_the_words_come_close_unless_somebody_means_it(query: str, enough: int) -> None:
    assert parse(query).enough == enough


def test_no_query_is_longer_than_can_be_asked() -> None:
    assert len(parse(" ".join(f"word{n}" for n in range(300))).groups) == MOST_GROUPS
    for long in ("-".join("abcdefgh" * 9), f'"{" ".join("abcdefgh" * 9)}"'):
        (group,) = parse(f"x{long}" if long[0] == "a" else long).groups
        assert max(len(way.words) for way in group.ways) <= MOST_GROUPS


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
        stems={"lampe": 3, "lampen": 3, "tisch": 2},
        wholes={"tischlampe": ("lamp",), "lampentisch": ("tisch",)},
        language="de",
    )
    assert shape(expand(parse("lampe"), known, NO_SYNONYMS)) == [["lampe", "tischlampe"]]
    assert shape(expand(parse("Lampen"), known, NO_SYNONYMS)) == [["lampen", "tischlampe"]]
    assert shape(expand(parse("tisch"), known, NO_SYNONYMS)) == [["tisch", "lampentisch"]]


def test_a_compound_that_no_goods_bear_is_its_parts_whatever_links_them() -> None:
    known = Known(stems={"kindertische": 0}, words={"kind": 4}, forms={"kind": 4, "tische": 3}, language="de")
    assert known.parts("kindertische") == ("kind", "tische")
    assert shape(expand(parse("Kindertische"), known, NO_SYNONYMS)) == [
        ["kindertische*", "kind tische", "tische"]
    ]
    assert Known(words={"kind": 4, "tische": 3}, language="en").parts("kindertische") == ()


def test_a_mistyped_word_means_the_nearest_that_goods_bear_and_it_is_told() -> None:
    known = Known(
        stems={"harbuor": 0, "lights": 5}, near={"harbour": 4, "harbor": 1, "habour": 0}, last="lights"
    )
    asked = corrected(parse("Harbuor Lights"), known, NO_SYNONYMS)
    assert shape(asked) == [["harbour"], ["lights*"]]
    assert asked.corrected == "harbour Lights"


def meant(query: str, known: Known, then: Known, same: Synonyms = NO_SYNONYMS) -> Asked:
    """As understand() does it, with what is known of the words as they were typed, and as they were meant."""
    typed = parse(query)
    return expand(corrected(typed, known, same), then, same, typed.groups)


def test_what_was_meant_has_its_synonyms_and_what_was_typed_is_asked_for_too() -> None:
    same = build([("laptop, notebook", "")])
    known = Known(stems={"labtop": 0, "bag": 2}, near={"laptop": 3}, last="bag")
    asked = meant("labtop bag", known, Known(stems={"laptop": 3, "bag": 2}), same)
    assert shape(asked) == [["laptop", "labtop", "notebook"], ["bag"]]
    assert (asked.text, asked.corrected) == ("labtop bag", "laptop bag")
    assert all(way.rarity for group in asked.groups for way in group.ways)


def test_what_was_typed_stays_when_what_was_meant_is_one_thing() -> None:
    known = Known(stems={"smrat": 0, "watch": 2}, near={"smart": 3}, last="watch")
    asked = meant("smrat watch band", known, Known(words={"smartwatch": 4}, stems={"band": 1, "watch": 1}))
    assert shape(asked) == [["smart watch", "smrat watch", "smartwatch"], ["band"]]


def test_nothing_is_corrected_within_what_a_merchant_has_taught() -> None:
    same = build([("ups, uninteruptible power supply", "")])  # mistyped, but theirs
    known = Known(stems={"uninteruptible": 0, "power": 9, "supply": 9}, near={"uninterruptible": 3})
    asked = meant("uninteruptible power supply", known, known, same)
    assert asked.corrected == ""
    assert shape(asked) == [["uninteruptible power supply", "ups"]]


@pytest.mark.parametrize("query", ["wi-fi", "wi fi", "wifi", "WiFi"])
@pytest.mark.parametrize("term", ["wi-fi", "wi fi", "wifi"])
def test_a_synonym_is_known_apart_and_in_one(query: str, term: str) -> None:
    asked = expand(parse(f"{query} router"), Known(), build([(f"{term}, WLAN", "")]))
    assert ["wlan" in ways for ways in shape(asked)] == [True, False]


def test_half_of_what_stands_between_hyphens_has_no_synonyms() -> None:
    assert shape(expand(parse("sci-fi"), Known(), build([("fi, WLAN", "")]))) == [["sci fi", "scifi*"]]


def test_a_synonym_may_have_words_that_say_nothing() -> None:
    known = Known(stems={"of": -1, "the": -1, "sale": 3, "point": 4, "till": 1})
    same = build([("point of sale, till", "")])
    assert shape(expand(parse("the point of sale"), known, same)) == [["point sale", "till"]]
    assert shape(expand(parse("the till"), known, same)) == [["till", "point sale"]]
    assert shape(expand(parse("point-of-sale"), known, same)) == [["point sale", "pointofsale*", "till"]]
    assert shape(expand(parse('"point of sale"'), known, NO_SYNONYMS)) == [['"point of sale"']]


def test_words_that_say_nothing_are_known_without_their_accents() -> None:
    known = Known(stems={"lampe": 3, "fur": 0, "kuche": 2}, language="de")
    assert shape(expand(parse("Lampe für Küche", "de"), known, NO_SYNONYMS)) == [["lampe"], ["kuche"]]


def test_a_mistyped_word_that_happens_to_be_two_others_is_mistyped() -> None:
    known = Known(stems={"labtop": 0}, words={"lab": 3, "top": 9}, near={"laptop": 30}, last="labtop")
    asked = meant("labtop", known, Known(stems={"laptop": 30}))
    assert shape(asked) == [["laptop", "labtop*"]]
    assert asked.corrected == "laptop"


@pytest.mark.parametrize(
    ("query", "known"),
    [
        ("harbour", Known(stems={"harbour": 1}, near={"harbor": 9})),  # goods bear it
        ("harb", Known(stems={"harb": 0}, near={"harp": 9}, last="harb", is_beginning=True)),  # half a word
        ("xy1234", Known(near={"xy1235": 3})),  # a code
        ('"harbuor"', Known(stems={"harbuor": 0}, near={"harbour": 9})),  # who quotes means it
        ("harbuor -x", Known(stems={"harbuor": 0}, near={"harbour": 9})),  # or leaves out
        ("cat", Known(stems={"cat": 0}, near={"car": 9})),  # too short to know
        ("laptop", Known(stems={"laptop": 0}, near={"lapdog": 9})),  # a synonym knows it
        ("with", Known(stems={"with": -1}, near={"width": 9})),  # it says nothing
    ],
)
def test_what_may_be_meant_as_it_was_typed_is_not_corrected(query: str, known: Known) -> None:
    same = build([("laptop, notebook", "")])
    assert corrected(parse(query), known, same).corrected == ""


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
