"""make bench-index: how fast a real search engine, that of ELASTICSEARCH_URL, is told, while it is asked.

A reindex of so many generated goods, with searches going on from a process of its own: documents a second,
from reading the first product to the swap, and what failed. Then edits, followed by a relay and workers as in
production: the time from a merchant's commit until a search finds it.
"""

import itertools
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import django
from tqdm import tqdm

from bench import place

PRODUCTS, EDITS = 100_000, 100
PAUSE = 0.02  # seconds between searches
LATE = 0.3  # seconds, after which a page goes without the engine
GOODS = """
from catalog.demo import load
from django.db import transaction
from shop.changes import projector
if not load.is_loaded():
    with transaction.atomic():
        load.load()
projector.drain()
"""
WORDS = ("fern", "night", "notebook", "oak", "hills", "citrus", "letter", "sun", "blue poster", "harbour")
FIELDS = ["name^5", "kind", "values", "description"]
WORKERS = (("relay",), ("rqworker", "changes"), ("rqworker", "normal"))


def main() -> None:
    """An argument: so many products."""
    if sys.argv[1:] == ["ask"]:
        ask()
        return
    if not os.environ.get("ELASTICSEARCH_URL"):
        raise SystemExit("Give ELASTICSEARCH_URL: the figures are those of a real engine.")
    products = int(sys.argv[1]) if sys.argv[1:] else PRODUCTS
    os.environ |= {"ELASTICSEARCH_PREFIX": "bench", "DEMO": "true", "PAGE_STORE": "0"}
    with place.database(f"index{products}"):
        place.manage("shell", "-v0", "-c", GOODS)
        place._grow(products)
        django.setup()
        # Only now are there models to import.
        from catalog.search import client, indices, schema  # noqa: PLC0415

        try:
            figures = {**rebuilt(), **edited()}
        finally:
            for language in schema.languages():
                indices.drop(indices.versions(language))
            client.forget()
    sys.stdout.write(json.dumps({"bench": "index", "products": products, **figures}) + "\n")


def rebuilt() -> dict[str, float]:
    """A first index, so that there is one to ask; then one more beside it."""
    from catalog.search import documents, rebuilding  # noqa: PLC0415

    rebuilding.reindex()
    with _asked() as told, tqdm(total=rebuilding.size(), unit=" products", desc="Reindex") as bar:
        done = rebuilding.reindex(bar.update)
    sample = [ids for ids, _ in zip(rebuilding._batches(), range(20), strict=False)]
    began_at = time.perf_counter()
    for ids in sample:
        documents.made(ids)
    making = sum(map(len, sample)) / (time.perf_counter() - began_at)
    return {
        "documents_a_second": round(sum(done.documents.values()) / done.seconds),
        "made_a_second": round(making),
        "refused": len(done.refused),
        **{f"{name}_meanwhile": figure for name, figure in told.items()},
    }


def edited() -> dict[str, float]:
    """From the commit of a name until a search has it."""
    from catalog.models import Product  # noqa: PLC0415
    from catalog.search import client, indices, keeping, schema  # noqa: PLC0415
    from shop.changes import projector  # noqa: PLC0415

    projector.drain()
    while not keeping.index_stale():
        pass
    asked = indices.alias(next(iter(schema.languages())))
    ids = list(Product.objects.filter(is_published=True).order_by("pk").values_list("pk", flat=True)[:EDITS])
    took = []
    with _working():
        for number, pk in enumerate(tqdm(ids, unit=" edits", desc="Edits")):
            word = f"bench{time.time_ns():x}{number}"
            product = Product.objects.get(pk=pk)
            product.name = f"{product.name[:150]} {word}"
            product.save()
            began_at = time.perf_counter()
            query = {"query": {"match": {"name.plain": word}}, "size": 0}
            while not client.writer().search(index=asked, body=query)["hits"]["total"]["value"]:
                if time.perf_counter() - began_at > 60:
                    raise SystemExit("An edit was not found within a minute.")
                time.sleep(0.005)
            took.append(time.perf_counter() - began_at)
    return {"searchable_p50_ms": _at(took, 50), "searchable_p99_ms": _at(took, 99), "edits": len(took)}


def ask() -> None:
    """A process of its own: searches until its input ends, then says how they went."""
    os.environ["ELASTICSEARCH_TIMEOUT_MS"] = "10000"  # what comes late is counted apart
    django.setup()
    from catalog.search import client, indices, schema  # noqa: PLC0415

    is_over = threading.Event()

    def listen() -> None:
        sys.stdin.read()
        is_over.set()

    threading.Thread(target=listen, daemon=True).start()
    asked = indices.alias(next(iter(schema.languages())))
    took: list[float] = []
    failed = 0
    for word in itertools.cycle(WORDS):
        query = {"query": {"multi_match": {"query": word, "fields": FIELDS}}}
        began_at = time.perf_counter()
        try:
            client.search(asked, query | {"size": 40}, lambda answer: answer["hits"]["hits"])
            took.append(time.perf_counter() - began_at)
        except client.Away:
            failed += 1
        if is_over.wait(PAUSE):
            break
    late = sum(seconds > LATE for seconds in took)
    told = {"searches": len(took) + failed, "failed": failed, "late": late}
    sys.stdout.write(json.dumps(told | {"p50_ms": _at(took, 50), "p95_ms": _at(took, 95)}))


@contextmanager
def _asked() -> Iterator[dict[str, float]]:
    """Searches go on inside the block; behind it there is what the process said of them."""
    command = [sys.executable, "-m", "bench.index", "ask"]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=place.CLONE
    )
    told: dict[str, float] = {}
    try:
        time.sleep(3)  # it has begun
        yield told
    finally:
        said, _complaints = process.communicate()
        told.update(json.loads(said))


@contextmanager
def _working() -> Iterator[None]:
    """A relay and workers, as in production."""
    with ExitStack() as processes:
        for command in WORKERS:
            said = subprocess.DEVNULL
            process = subprocess.Popen([*place.MANAGE, *command], stdout=said, stderr=said)
            processes.callback(process.wait)
            processes.callback(process.terminate)
        time.sleep(5)
        yield


def _at(seconds: list[float], percent: int) -> float:
    return round(statistics.quantiles(seconds, n=100)[percent - 1] * 1000, 1)


if __name__ == "__main__":
    main()
