"""The words that goods bear: collected from them, and a query's words held against them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog import jobs
from catalog.models import Product, Vocabulary, Word
from catalog.search import learning
from catalog.search.meaning import understand
from catalog.search.vocabulary import Known, look_up
from shop import markets
from shop.changes.models import Change
from shop.markets import Market
from shop.outbox.models import Message
from tests.factories import follow_changes, make_category, make_product

pytestmark = pytest.mark.django_db

GERMAN = (
    Market("de", "Deutschland", "", "de", "EUR", "DE"),
    Market("gb", "United Kingdom", "gb", "en-gb", "GBP", "GB"),
)


@pytest.fixture(autouse=True)
def goods() -> None:
    make_product("Harbour lights", kind="Print", brand="Lumière", category="Posters")
    make_product("Blue harbours", kind="Print", values={"paper": "Hahnemühle"})
    make_product("Unseen", published=False)
    follow_changes()
    learning.learn("en")


def test_words_of_names_kinds_brands_values_and_shelves_are_known_folded() -> None:
    known = set(Word.objects.values_list("word", flat=True))
    assert {"harbour", "harbours", "lights", "print", "lumiere", "hahnemuhle", "posters"} <= known
    assert "unseen" not in known
    assert Word.objects.get(word="print").goods == 2


def test_words_that_no_goods_bear_any_more_are_forgotten() -> None:
    Product.objects.filter(name="Harbour lights").delete()
    follow_changes()
    learning.learn("en")
    known = set(Word.objects.values_list("word", flat=True))
    assert "lights" not in known
    assert "harbours" in known


def test_a_querys_words_are_known_in_any_form() -> None:
    known = look_up("en", ["harbouring", "the", "xyzzy", "ligh"])
    assert known.is_known("harbouring")
    assert known.is_stop("the")
    assert not known.is_known("xyzzy")
    assert known.begins("ligh")
    assert not known.begins("xyzzy")
    assert known.total == 2


@pytest.mark.parametrize("typed", ["harbuor", "habour", "harbourr", "jarbour"])
def test_the_nearest_word_is_found(typed: str) -> None:
    assert look_up("en", [typed]).nearest(typed)[0] == "harbour"


@pytest.mark.parametrize("typed", ["posetr", "psoter", "pooster", "poser"])
def test_of_what_is_known_in_the_plural_alone_the_singular_is_found_too(typed: str) -> None:
    make_category("Posters")
    follow_changes()
    learning.learn("en")
    assert not Word.objects.filter(word="poster").exists()
    assert look_up("en", [typed]).nearest(typed) == ("posters",)


def test_a_word_that_is_near_itself_goes_before_one_whose_stem_is() -> None:
    known = Known(near={"harbours": 9, "harbour": 3}, language="en")
    assert known.nearest("harbuor") == ("harbour", "harbours")


@pytest.mark.parametrize("typed", ["tv", "hp"])
def test_words_of_two_letters_are_known(typed: str) -> None:
    make_product("TV stand by HP in oak")
    follow_changes()
    learning.learn("en")
    known = look_up("en", [typed, "xq"])
    assert known.is_known(typed)
    assert known.rarity(typed) < known.rarity("xq")


def test_what_some_write_with_hyphens_is_known_in_one() -> None:
    make_product("Wi-Fi T-Shirt")
    follow_changes()
    learning.learn("en")
    known = look_up("en", ["wifi", "tshirt"])
    assert known.is_known("wifi")
    assert known.parts("wifi") == ("wi", "fi")
    assert known.parts("tshirt") == ("t", "shirt")


def test_a_word_that_says_nothing_is_not_what_somebody_meant() -> None:
    make_product("A gift from Oslo")
    follow_changes()
    learning.learn("en")
    assert Word.objects.filter(word="from").exists()
    assert look_up("en", ["form"]).nearest("form") == ()


def test_compounds_are_learned_where_a_language_has_them(settings: object) -> None:
    settings.MARKETS = GERMAN  # type: ignore[attr-defined]
    for name in ("Schreibtischlampe", "Lampen", "Schreibtisch", "Arbeitszimmer", "Zimmer", "Kaffeemühle"):
        make_product(name)
    make_product("Mühle", summary="Messer, Durchmesser 20 cm")
    follow_changes()
    learning.learn("de")
    parts = dict(Word.objects.filter(language="de").exclude(parts=[]).values_list("word", "parts"))
    # "Lampe" itself is nowhere: another form of it is enough.
    mills = {"kaffeemuhle": ["muhl"], "hahnemuhle": ["muhl"]}  # and no Messer is a Durchmesser
    assert parts == {"schreibtischlampe": ["lamp"], "arbeitszimmer": ["zimm"], **mills}
    make_product("Lampe")
    make_product("Schreibtischlampen")
    follow_changes()
    learning.learn("de")
    market = markets.all()[0]
    for typed in ("Lampe", "Lampen"):
        ways = understand(market, typed).groups[0].ways
        assert [way.words for way in ways] in (
            [(typed.lower(),), ("schreibtischlampe",)],
            [(typed.lower(),), ("schreibtischlampen",)],
        )
    assert look_up("de", ["zimmerlampen"]).parts("zimmerlampen") == ("zimmer", "lampen")
    assert look_up("de", ["arbeitslampe"]).parts("tischlampe") == ()


# --- When it is learned ---------------------------------------------------------------


def asked_for() -> set[str]:
    return set(
        Message.objects.filter(job="catalog.learn_words", done_at=None).values_list("args__0", flat=True)
    )


def test_what_nobody_has_learned_is_learned_at_once() -> None:
    Vocabulary.objects.all().delete()
    jobs.keep_vocabulary()
    jobs.keep_vocabulary()
    assert Message.objects.filter(job="catalog.learn_words").count() == 1
    assert asked_for() == {"en"}


def test_it_is_learned_again_when_cards_have_changed_and_not_all_the_time() -> None:
    Change.objects.all().delete()
    jobs.keep_vocabulary()
    assert asked_for() == set()  # an hour has not gone by
    Vocabulary.objects.update(learned_at=timezone.now() - timedelta(hours=2))
    jobs.keep_vocabulary()
    assert asked_for() == set()  # nothing has changed
    make_product("Gargoyle")
    follow_changes()
    Vocabulary.objects.update(took_seconds=3600.0)
    jobs.keep_vocabulary()
    assert asked_for() == set()  # it takes an hour: not more than a twentieth of the time
    Vocabulary.objects.update(took_seconds=1.0)
    jobs.keep_vocabulary()
    assert asked_for() == {"en"}
    jobs.learn_words("en")
    assert Word.objects.filter(word="gargoyle").exists()
