"""make bench-search JUDGEMENTS=FILE: how good the search is by judged queries, with the engine and without.

FILE: query, docid, rating. It prepares by itself: a shop of its own in `.bench/`, kept for the next time,
with the catalogue (CATALOGUE="icecat PATH", magento and shopify too), and the synonyms of
bench/electronics.csv, as an electronics shop's merchant would write them. The engine is that of
ELASTICSEARCH_URL. A docid is the end of a product's identity at its source, or a SKU.
"""

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django

from bench import place
from bench.search_judged import SHOWN, Judgements, Unreadable, judged_share, ndcg, read
from shop import embedded

if TYPE_CHECKING:
    from bench.search_asked import Answer, Figures

CATALOGUE = place.CLONE.parent / "shared" / "data" / "chorus-icecat"
FORMATS = ("icecat", "magento", "shopify")
# What the catalogue in the database is made by: if one of these changes, it is imported anew, some minutes.
MADE_BY = ("catalog/importing", "catalog/cards.py", "catalog/search/learning.py", "catalog/search/folding.py")
WRITTEN_BY = ("catalog/search/documents.py", "catalog/search/codes.py")
NO_ENGINE = (
    "The engine was not asked: set ELASTICSEARCH_URL to that of an Elasticsearch 8 (README.md says how to get"
    " one), then run this again."
)
DIGITS = 4

Judged = Mapping[str, Mapping[Hashable, float]]


def main() -> None:
    """Prints a row for each query, means, and at last a line of JSON."""
    options = _options()
    try:
        judgements = read(options.judgements)
        kind, path = catalogue(options.catalogue)
    except Unreadable as error:
        raise SystemExit(str(error)) from None
    with shop(kind, path) as url:
        sys.stdout.write(json.dumps(measure(judgements, url)) + "\n")


def catalogue(told: str) -> tuple[str, Path]:
    """("icecat", path) of what was typed: a path alone is Icecat's."""
    kind, _space, rest = told.strip().partition(" ")
    if kind not in FORMATS:
        kind, rest = FORMATS[0], told.strip()
    path = Path(rest).expanduser() if rest else CATALOGUE
    if not path.exists():
        raise Unreadable(
            f"There is no catalogue at {path}: name one, CATALOGUE=PATH or CATALOGUE='magento PATH'."
        )
    return kind, path.resolve()


@contextmanager
def shop(kind: str, path: Path) -> Iterator[str]:
    """A shop with that catalogue, and its engine with its documents; the engine's address, "" without one."""
    url = os.environ.pop("ELASTICSEARCH_URL", "")  # nobody notes what the engine should hear: it hears it all
    name = f"search-{_digest([str(path)], (kind,))[:8]}"
    made = _digest([str(path), *(str(place.CLONE / part) for part in MADE_BY)], (kind,))
    marker = place.HOME / name / "made"
    if not (marker.is_file() and marker.read_text() == made):
        embedded.reset(place.HOME / name)
    os.environ |= {
        "ELASTICSEARCH_PREFIX": f"bench-{name}-{_digest((), (str(place.CLONE),))[:4]}",
        "DEMO": "true",
    }
    with place.database(name) as home:
        django.setup()
        from bench import search_shop  # noqa: PLC0415 (models need settings)
        from catalog.search.client import Away  # noqa: PLC0415

        if not marker.is_file():
            search_shop.prepare(kind, path)
            marker.write_text(made)
        search_shop.teach()
        if url:
            written = _digest([str(place.CLONE / part) for part in WRITTEN_BY], (made, url))
            indexed = home / "indexed"
            try:
                with search_shop.searched_by(url):
                    if not (
                        indexed.is_file() and indexed.read_text() == written and search_shop.is_indexed()
                    ):
                        search_shop.index()
                        indexed.write_text(written)
            except Away as error:
                raise SystemExit(
                    f"The engine at ELASTICSEARCH_URL does not answer as it should: {error}"
                ) from None
        yield url


def measure(judgements: Judgements, url: str) -> dict[str, Any]:
    """Asks both, and prints what they show; the figures."""
    from bench import search_asked, search_shop  # noqa: PLC0415 (models need settings)
    from catalog.search.client import Away  # noqa: PLC0415

    judged = search_asked.by_product(judgements.ratings, search_shop.products())
    _say_what_is_judged(judgements, judged)
    if not (mine := search_asked.relevant(judged)):
        raise SystemExit("No query has a relevant product (a rating above 0): there is nothing to measure.")
    answers: dict[str, dict[str, Answer]] = {}
    for name, address in (("engine", url), ("fallback", "")):
        if name == "engine" and not url:
            continue
        try:
            with search_shop.searched_by(address):
                answers[name] = search_asked.ask_all(judged, name.capitalize())
        except Away as error:
            raise SystemExit(f"The engine at ELASTICSEARCH_URL did not answer a search: {error}") from None
    _say_each({query: judged[query] for query in mine}, answers)
    found = {name: search_asked.figures(judged, told) for name, told in answers.items()}
    _say_means(found, len(mine), len(judged) - len(mine))
    return {name: _rounded(found[name]) if name in found else None for name in ("engine", "fallback")}


def _say_what_is_judged(judgements: Judgements, judged: Judged) -> None:
    pairs = [key for ratings in judged.values() for key in ratings]
    unknown = sum(isinstance(key, str) for key in pairs)
    _say(f"{len(judged)} queries, {len(pairs)} judgements")
    if unknown:
        _say(f"{unknown} of them are of no product of this catalogue; the best order has them all the same")
    if judgements.left_out:
        _say(f"{len(judgements.left_out)} lines left out:")
        for line, why in judgements.left_out[:5]:
            _say(f"  line {line}: {why}")


def _say_each(judged: Judged, answers: "Mapping[str, Mapping[str, Answer]]") -> None:
    width = max(5, *(min(len(query), 40) for query in judged))
    _say("\n" + "query".ljust(width) + "".join(f"  {name:>9} NDCG  judged" for name in answers))
    for query, ratings in sorted(judged.items(), key=lambda row: row[0]):
        cells = ""
        for told in answers.values():
            shown = told[query].shown
            cells += f"  {ndcg(shown, ratings):14.3f}  {judged_share(shown, ratings):6.2f}"
        _say(query[:width].ljust(width) + cells)


def _say_means(found: "Mapping[str, Figures]", mine: int, others: int) -> None:
    _say(f"\nOf the {mine} queries with a relevant product:")
    _say(" " * 12 + f"{'NDCG@10':>9}{'judged@10':>11}{'nothing':>9}{'P50 ms':>9}{'P95 ms':>9}")
    for name, one in found.items():
        figures = f"{one.ndcg10:9.4f}{one.judged10:11.3f}{one.zero:9}{one.p50_ms:9.1f}{one.p95_ms:9.1f}"
        _say(name.ljust(12) + figures)
    _say(
        "judged@10 is the share of the ten shown, or of all where fewer are, that were judged; where nothing"
        f" is shown it is 0. NDCG@10: gain 2^rating − 1, not judged is 0, beside the best {SHOWN} judged of"
        " the query."
    )
    if others:
        nothing = ", ".join(f"{name} {one.elsewhere}" for name, one in found.items())
        _say(f"Of the {others} queries without one, so many show nothing: {nothing}.")
    if "engine" not in found:
        _say(NO_ENGINE)


def _rounded(found: "Figures") -> dict[str, float]:
    told = {key: round(value, DIGITS) for key, value in asdict(found).items() if key != "elsewhere"}
    return {**told, "zero": found.zero}


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _digest(paths: list[str] | tuple[()], words: tuple[str, ...]) -> str:
    """Of files, all below a folder, by name, size and time; those of code by what stands in them."""
    told = hashlib.blake2b(digest_size=16)
    for word in words:
        told.update(word.encode() + b"\0")
    for top in map(Path, paths):
        files = sorted(path for path in top.rglob("*") if path.is_file()) if top.is_dir() else [top]
        for path in files:
            if path.suffix == ".pyc":
                continue
            code = path.read_bytes() if path.suffix == ".py" else b""
            size = path.stat()
            told.update(f"{path.name} {size.st_size if not code else ''}".encode() + b"\0" + code)
    return told.hexdigest()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-search", description=__doc__)
    parser.add_argument("judgements", nargs="?", default="")
    parser.add_argument("catalogue", nargs="?", default="")
    options = parser.parse_args()
    if not options.judgements.strip():
        parser.error(
            "say which judgements: make bench-search JUDGEMENTS=FILE (a CSV of query, docid, rating)"
        )
    options.judgements = Path(options.judgements.strip()).expanduser()
    return options


if __name__ == "__main__":
    main()
