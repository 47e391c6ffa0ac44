"""make bench-search: anybody's judgements are read, and what it counts is what it says."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bench import search, search_asked, search_judged, search_shop
from bench.search_judged import Unreadable, judged_share, ndcg
from tests.engines import Engine
from tests.factories import follow_changes, make_product

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """write("query,docid,rating", "lamp,1,3") → a file of these lines."""

    def write(*lines: str, encoding: str = "utf-8", end: str = "\n") -> Path:
        path = tmp_path / "judged.csv"
        path.write_bytes((end.join(lines) + end).encode(encoding))
        return path

    return write


def ratings(path: Path) -> dict[str, dict[str, float]]:
    return {query: dict(found) for query, found in search_judged.read(path).ratings.items()}


# --- What is read ----------------------------------------------------------------------------------------


def test_a_file_as_it_should_be(write: Write) -> None:
    path = write("query,docid,rating", "desk lamp,12,3", "desk lamp,A-4,0", '"lamp, red",12,2')
    assert ratings(path) == {"desk lamp": {"12": 3, "A-4": 0}, "lamp, red": {"12": 2}}


@pytest.mark.parametrize(
    "lines",
    [
        ["rating,query,docid", "2.5,lamp,7"],
        ["Query ; Note ; DocID ; Rating", " lamp ;;7; 2.5 "],
        ["", "query\tdocid\trating", "", "lamp\t7\t2.5", " \t \t", ""],
        ["query,docid,rating", "lamp,7,1", "lamp,7.0,2.5"],
    ],
)
@pytest.mark.parametrize(("encoding", "end"), [("utf-8", "\n"), ("utf-8-sig", "\r\n")])
def test_columns_blanks_and_numbers_as_programs_write_them(
    write: Write, lines: list[str], encoding: str, end: str
) -> None:
    assert ratings(write(*lines, encoding=encoding, end=end)) == {"lamp": {"7": 2.5}}


def test_what_cannot_be_read_is_left_out_and_told_by_line(write: Write) -> None:
    path = write("query,docid,rating", "lamp,1,3", ",2,3", "lamp,,1", "lamp,3,good", "lamp,4", "lamp,5,nan")
    judged = search_judged.read(path)
    assert judged.ratings == {"lamp": {"1": 3}}
    assert [line for line, _why in judged.left_out] == [3, 4, 5, 6, 7]
    assert judged.left_out[2][1] == "the rating “good” is no number from 0 to 100"


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["query,doc,rating", "lamp,1,3"], "lacks the columns docid: its first line has query, doc, rating"),
        ([""], "no judgement in it"),
        (["query,docid,rating", "lamp,1,good"], "line 2: the rating “good” is no number"),
    ],
)
def test_a_file_of_no_judgements_says_why(write: Write, lines: list[str], told: str) -> None:
    with pytest.raises(Unreadable, match=re.escape(told)):
        search_judged.read(write(*lines))


def test_no_file_and_no_text_are_told(write: Write, tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="No such file"):
        search_judged.read(tmp_path / "nowhere.csv")
    with pytest.raises(Unreadable, match="no text in UTF-8"):
        search_judged.read(write("query,docid,rating", "Küche,1,3", encoding="latin-1"))


def test_a_catalogue_is_a_path_or_a_format_and_a_path(tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    assert search.catalogue(str(folder)) == ("icecat", folder)
    assert search.catalogue(f"magento {folder}") == ("magento", folder)
    with pytest.raises(Unreadable, match="There is no catalogue at"):
        search.catalogue(str(tmp_path / "nowhere"))


@pytest.mark.parametrize(
    ("typed", "told"), [([""], "JUDGEMENTS=FILE"), (["/no/where.csv"], "cannot be read")]
)
def test_what_is_missing_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], typed: list[str], told: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench-search", *typed])
    with pytest.raises(SystemExit) as ended:
        search.main()
    assert told in f"{ended.value}{capsys.readouterr().err}"


# --- What is counted -------------------------------------------------------------------------------------


def test_ndcg_is_what_one_counts_by_hand() -> None:
    judged = {"a": 3.0, "b": 2.0, "c": 0.0}
    assert ndcg(["a", "b", "c"], judged) == 1
    # (2² − 1) / log₂ 2 + 0 + (2³ − 1) / log₂ 4, beside 7 / log₂ 2 + 3 / log₂ 3
    assert ndcg(["b", "x", "a"], judged) == pytest.approx((3 + 7 / 2) / (7 + 3 / 1.5849625))
    assert ndcg([], judged) == 0


def test_ten_are_counted_and_the_best_ten_are_the_ideal() -> None:
    judged = dict.fromkeys(range(20), 1.0)
    assert ndcg(range(10), judged) == 1
    assert ndcg([*"abcdefghij", 1], judged) == 0


def test_judged_is_a_share_of_what_is_shown() -> None:
    assert judged_share([1, 2, 3, 4], {1, 2, 9}) == 0.5
    assert judged_share([*range(10), 99], {99}) == 0
    assert judged_share([], {1}) == 0


@pytest.fixture
def goods(transactional_db: None) -> None:
    """Two lamps and a desk, as an import names them."""
    for number, name in enumerate(("Red lamp", "Blue lamp", "Oak desk"), 1):
        make_product(name, external_id=f"icecat:{number}")
    follow_changes()


JUDGED = ("query,docid,rating", "lamp,1,3", "lamp,2,1", "lamp,77,2", "chair,1,1", "unicorn,9,0")


@pytest.mark.usefixtures("goods")
def test_docids_are_products_by_the_end_of_their_identity_or_by_sku() -> None:
    from catalog.models import Product, Variant

    lamp, desk = (Product.objects.get(name=name) for name in ("Red lamp", "Oak desk"))
    Variant.objects.filter(product=desk).update(sku="OAK-1")
    found = search_asked.by_product({"lamp": {"1": 2, "OAK-1": 3, "3": 1, "77": 3}}, search_shop.products())
    assert found == {"lamp": {lamp.pk: 2, desk.pk: 3, "77": 3}}


@pytest.mark.usefixtures("goods")
def test_without_an_engine_its_part_is_null_and_it_says_how_to_get_one(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    found = search.measure(search_judged.read(write(*JUDGED)), "")
    assert found["engine"] is None
    ideal = 7 + 3 / 1.5849625 + 1 / 2
    orders = [(7 + 1 / 1.5849625) / ideal, (1 + 7 / 1.5849625) / ideal]
    assert any(found["fallback"]["ndcg10"] == pytest.approx(each / 2, abs=1e-3) for each in orders)
    assert found["fallback"]["judged10"] == 0.5  # both lamps are judged, and no chair is shown
    assert found["fallback"]["zero"] == 1
    said = capsys.readouterr().out
    assert "3 queries, 5 judgements" in said
    assert "2 of them are of no product" in said
    assert "Of the 1 queries without one, so many show nothing: fallback 1." in said
    assert "set ELASTICSEARCH_URL" in said


@pytest.mark.usefixtures("goods")
def test_with_an_engine_both_are_measured(
    engine: Engine, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    with search_shop.searched_by(engine.url):
        assert not search_shop.is_indexed()
        search_shop.index()
        assert search_shop.is_indexed()
    found = search.measure(search_judged.read(write(*JUDGED)), engine.url)
    assert json.loads(json.dumps(found)).keys() == {"engine", "fallback"}
    for name in ("engine", "fallback"):
        assert {"ndcg10", "judged10", "zero"} <= found[name].keys()
        assert found[name]["zero"] == 1
        assert found[name]["judged10"] == 0.5
    assert "engine NDCG" in capsys.readouterr().out


@pytest.mark.usefixtures("goods")
def test_an_engine_that_does_not_answer_is_no_fallback_that_is_measured_twice(
    engine: Engine, write: Write
) -> None:
    with pytest.raises(SystemExit, match="did not answer a search"):
        search.measure(search_judged.read(write(*JUDGED)), engine.url)  # it has no index yet


@pytest.mark.usefixtures("goods")
def test_the_merchants_synonyms_are_those_of_the_file(tmp_path: Path) -> None:
    from catalog.models import Synonym

    path = tmp_path / "synonyms.csv"
    path.write_text('words,finds\n"lamp, light",\ntable,desk\n')
    for _ in range(2):
        assert search_shop.teach(path) == 2
        assert list(Synonym.objects.values_list("words", "finds")) == [("lamp, light", ""), ("table", "desk")]
    assert len(search_asked.ask("table").shown) == 1


@pytest.mark.usefixtures("transactional_db")
def test_a_catalogue_is_imported_with_cards_and_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from catalog.models import Word
    from tests.catalog.icecat import cartridges

    (tmp_path / "1.json").write_text(json.dumps(cartridges(8)))
    search_shop.prepare("icecat", tmp_path)
    assert len(search_asked.ask("toner cartridge").shown) == 8
    assert Word.objects.filter(word="cartridge").exists()
