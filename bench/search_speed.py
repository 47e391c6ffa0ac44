"""make bench-search-speed: how quick the search is with 20,000 products (ARGS="20000 1000000": of others).

The goods are the catalogue's of `make bench-search`, copied (bench/search_goods.py) into a database that is
dropped afterwards; the queries are real ones. Each is asked for once to warm up, then once, one after the
other: plain, filtered by a value and a highest price, and sorted by price. No page is made around the list.
"""

import contextlib
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import django
import psycopg

from bench import place, search

if TYPE_CHECKING:
    from catalog.queries.listing import Listing
    from catalog.queries.selection import Selection

SIZES = (20_000,)
QUERIES = place.CLONE.parent / "shared" / "data" / "traffic" / "algolia-bestbuy-query-suggestions.json"
DRAWN = 200  # of them, those that are typed more often rather
SECONDS = 90.0  # of each turn: a slow one asks fewer


def main() -> None:
    """Each size in a process of its own, as Django keeps to one database; a line of JSON for all."""
    if sys.argv[1:2] == ["--of"]:
        sys.stdout.write(json.dumps(measure(int(sys.argv[2]))) + "\n")
        return
    sizes = [int(size.replace("_", "").replace(",", "")) for size in sys.argv[1:]] or list(SIZES)
    found = {}
    with search.shop(*search.catalogue("")) as engine:
        for size in sizes:
            with copied(os.environ["DATABASE_URL"], f"speed_{size}") as database:
                settings = {"DATABASE_URL": database, "ELASTICSEARCH_URL": engine}
                settings["ELASTICSEARCH_PREFIX"] = f"{os.environ['ELASTICSEARCH_PREFIX']}-{size}"
                command = [sys.executable, "-m", "bench.search_speed", "--of", str(size)]
                answer = subprocess.run(
                    command,
                    check=True,
                    stdout=subprocess.PIPE,
                    text=True,
                    env=os.environ | settings,
                    cwd=place.CLONE,
                )
                found[str(size)] = json.loads(answer.stdout)
    sys.stdout.write(json.dumps({"bench": "search-speed", "unit": "ms", "sizes": found}) + "\n")


@contextlib.contextmanager
def copied(url: str, name: str) -> Iterator[str]:
    """A copy of that database on the same server, for a while; its address."""
    from django.db import connections  # noqa: PLC0415 (after django.setup)

    connections.close_all()
    parts = urlsplit(url)
    base = parts.path.lstrip("/")
    with psycopg.connect(parts._replace(path="/postgres").geturl(), autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}"'.encode())
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{base}"'.encode())
        try:
            yield parts._replace(path=f"/{name}").geturl()
        finally:
            admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())


def measure(size: int) -> dict[str, Any]:
    """The figures of one size; the engine's documents are deleted afterwards."""
    url = os.environ.pop("ELASTICSEARCH_URL", "")
    django.setup()
    from bench import search_goods, search_shop  # noqa: PLC0415 (models need settings)
    from catalog.search import indices, schema  # noqa: PLC0415

    found: dict[str, Any] = {"load": [round(os.getloadavg()[0], 1)], "products": search_goods.grow(size)}
    queries = drawn()
    if url:
        with search_shop.searched_by(url):
            try:
                done = search_shop.index()
                found["documents_a_second"] = round(sum(done.documents.values()) / done.seconds)
                found["engine"] = turns(queries, "Engine")
            finally:
                for language in schema.languages():
                    indices.drop(indices.versions(language))
    else:
        sys.stderr.write(search.NO_ENGINE + "\n")
    with search_shop.searched_by(""):
        found["fallback"] = turns(queries, "Fallback")
    found["load"].append(round(os.getloadavg()[0], 1))
    return found


def drawn() -> list[str]:
    """Queries that shoppers of an electronics shop have typed; the same in every run."""
    told = {row["query"].strip(): row["popularity"] + 1 for row in json.loads(QUERIES.read_text())}
    chance = random.Random(1)
    # Each drawn once, by its weight (Efraimidis and Spirakis).
    places = {query: chance.random() ** (1 / weight) for query, weight in sorted(told.items()) if query}
    return sorted(places, key=places.__getitem__, reverse=True)[:DRAWN]


def turns(queries: list[str], title: str) -> dict[str, Any]:
    """P50 and P95 of each kind of question."""
    from bench.search_asked import RELEVANCE, ask  # noqa: PLC0415 (models need settings)
    from catalog.queries.selection import Selection  # noqa: PLC0415

    first = {query: ask(query) for query in _for_a_while(queries, f"{title}, first")}
    filtered = {query: narrowed(answer.listing) for query, answer in first.items() if answer.listing.total}
    return {
        "plain": _turn(dict.fromkeys(first, RELEVANCE), f"{title}, plain"),
        "filtered": _turn(filtered, f"{title}, filtered"),
        "by_price": _turn(dict.fromkeys(first, Selection(sort="price")), f"{title}, by price"),
        "nothing": sum(not answer.listing.total for answer in first.values()),
    }


def narrowed(listing: "Listing") -> "Selection":
    """By the commonest value of its first filter, and at most what half of the dearest costs."""
    from catalog.models import AttributeValue  # noqa: PLC0415 (models need settings)
    from catalog.queries.selection import Choice, Selection  # noqa: PLC0415

    choices = []
    for facet in listing.facets[:1]:
        value = max(facet.values, key=lambda one: (one.count, one.id))
        attribute = AttributeValue.objects.values_list("attribute_id", flat=True).get(pk=value.id)
        choices.append(Choice(value.id, value.slug, value.label, attribute, facet.code))
    most = ((listing.ceiling or Decimal(0)) / 2).quantize(Decimal(1))
    return Selection(choices=choices, most=most, sort="relevance")


def _turn(asked: "dict[str, Selection]", title: str) -> dict[str, float]:
    from bench.search_asked import ask, percentile  # noqa: PLC0415 (models need settings)

    times = []
    for query in _for_a_while(asked, title):
        ask(query, asked[query])
        times.append(ask(query, asked[query]).ms)
    return {
        "p50": round(percentile(times, 50), 1),
        "p95": round(percentile(times, 95), 1),
        "slowest": round(max(times), 1),
        "queries": len(times),
    }


def _for_a_while(queries: Iterable[str], title: str) -> Iterator[str]:
    from tqdm import tqdm  # noqa: PLC0415 (beside the others)

    until = time.monotonic() + SECONDS
    for query in tqdm(list(queries), title, unit="query", file=sys.stderr, leave=False):
        yield query
        if time.monotonic() > until:
            return


if __name__ == "__main__":
    main()
