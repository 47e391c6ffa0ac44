"""make bench-index: how fast a real search engine, that of ELASTICSEARCH_URL, is told, while it is asked.

A reindex of so many generated goods, with searches going on from a process of its own: documents a second,
from reading the first product to the swap, and what failed. Then edits, four a second, followed by a relay
and workers as in production: the time from a merchant's commit until a search finds it, while nothing else
happens, while a reindex runs, and while what an import has written is followed.

The goods are made once and kept in .bench; the first reindex only warms the engine's code.
"""

import itertools
import json
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import django
from tqdm import tqdm

from bench import place

PRODUCTS, EDITS, IMPORTED = 100_000, 100, 20_000
PAUSE = 0.02  # seconds between searches
EVERY = 0.25  # seconds from one edit to the next
LONGEST = 60.0  # seconds that an edit may take
LATE = 0.3  # seconds, after which a page goes without the engine
SAMPLE = 20  # batches, to see what making documents costs
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
    if (name := " ".join(sys.argv[1:])) in PARTS:
        django.setup()
        PARTS[name]()
        return
    if not os.environ.get("ELASTICSEARCH_URL"):
        raise SystemExit("Give ELASTICSEARCH_URL: the figures are those of a real engine.")
    products = int(sys.argv[1]) if sys.argv[1:] else PRODUCTS
    os.environ |= {"ELASTICSEARCH_PREFIX": f"bench{os.getpid()}", "DEMO": "true", "PAGE_STORE": "0"}
    with place.database(f"index{products}"):
        place.manage("shell", "-v0", "-c", GOODS)
        place._grow(products)
        django.setup()
        # Only now are there models to import.
        from catalog.search import client, indices, schema  # noqa: PLC0415

        try:
            _forget()
            figures = {**rebuilt(), **edited()}
        finally:
            for language in schema.languages():
                indices.drop(indices.versions(language))
            client.forget()
    sys.stdout.write(json.dumps({"bench": "index", "products": products, **figures}) + "\n")


def _forget() -> None:
    """What making the goods has noted, or an earlier run, is none of what is measured."""
    from django.db.models.functions import Now  # noqa: PLC0415

    from catalog.models import StaleDocument  # noqa: PLC0415
    from shop.changes.models import Change  # noqa: PLC0415
    from shop.outbox.models import Message  # noqa: PLC0415

    Change.objects.filter(done_at=None).update(done_at=Now())
    StaleDocument.objects.all().delete()
    Message.objects.filter(done_at=None).delete()


def rebuilt() -> dict[str, float]:
    """A first index, so that there is one to ask; then one more beside it."""
    from catalog.search import documents, rebuilding  # noqa: PLC0415

    _rebuild("First index")
    with _beside("ask") as told:
        time.sleep(3)  # it has begun
        done = _rebuild("Reindex")
    sample = [ids for ids, _ in zip(rebuilding._batches(), range(SAMPLE), strict=False)]
    began_at = time.process_time()
    for ids in sample:
        documents.made(ids)
    cost = (time.process_time() - began_at) / sum(map(len, sample))
    return {
        "documents_a_second": round(sum(done.documents.values()) / done.seconds),
        "making_cpu_us": round(cost * 1_000_000),
        "refused": len(done.refused),
        **{f"{name}_meanwhile": figure for name, figure in told.items()},
    }


def _rebuild(name: str = "") -> "rebuilding.Rebuilt":  # type: ignore[name-defined]  # noqa: F821
    from catalog.search import rebuilding  # noqa: PLC0415

    with tqdm(total=rebuilding.size(), unit=" products", desc=name, disable=not name) as bar:
        return rebuilding.reindex(bar.update)


def edited() -> dict[str, float]:
    """From the commit of a name until a search has it."""
    from shop.changes.models import Change  # noqa: PLC0415

    told: dict[str, float] = {"edits": EDITS}
    with _working():
        told |= _edits("alone")
        with _beside("rebuild"):
            told |= _edits("in_reindex")
        with _beside("import"):
            told |= _edits("in_import")
            told["import_waiting"] = Change.objects.filter(done_at=None, is_part=True).count()
    return told


def _edits(name: str, number: int = EDITS) -> dict[str, float]:
    """One after the other at their time, however long the ones before take."""
    from catalog.models import Product  # noqa: PLC0415
    from catalog.search import client, indices, schema  # noqa: PLC0415
    from shop.changes import projector  # noqa: PLC0415

    asked = indices.alias(next(iter(schema.languages())))
    waiting = iter(Product.objects.filter(is_published=True).order_by("pk")[:number])
    began_at: dict[str, float] = {}
    took: list[float] = []
    next_at = time.perf_counter() + 1
    with tqdm(total=number, unit=" edits", desc=f"Edits, {name}") as bar:
        while len(took) < number:
            now = time.perf_counter()
            if now >= next_at and (product := next(waiting, None)):
                next_at += EVERY
                word = f"bench{time.time_ns():x}"
                product.name = f"{product.name[:150]} {word}"
                product.save()
                projector.ring()  # as the desk does
                began_at[word] = time.perf_counter()
            elif began_at:
                query = {"match": {"name.plain": " ".join(began_at)}}
                body = {"query": query, "_source": ["name"], "size": EDITS}
                answer = client.writer().search(index=asked, body=body)
                now = time.perf_counter()
                for hit in answer["hits"]["hits"]:
                    if since := began_at.pop(hit["_source"]["name"].split()[-1], None):
                        took.append(now - since)
                        bar.update()
                if any(now - since > LONGEST for since in began_at.values()):
                    raise SystemExit(f"An edit was not found within {LONGEST:.0f} seconds ({name}).")
            time.sleep(PAUSE)
    if number < 2:
        return {}
    return {f"searchable_{name}_p{percent}_ms": _at(took, percent) for percent in (50, 95, 99)}


def ask() -> None:
    """A process of its own: searches until its input ends, then says how they went."""
    from django.conf import settings  # noqa: PLC0415

    from catalog.search import client, indices, schema  # noqa: PLC0415

    settings.ELASTICSEARCH_TIMEOUT_MS = 10_000  # what comes late is counted apart
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


def rebuild() -> None:
    """A process of its own: one reindex after the other, until it is killed."""
    while True:
        _rebuild()


def bring() -> None:
    """A process of its own: goods are written again as an import writes them, so many; others follow."""
    from django.db.models import F  # noqa: PLC0415

    from catalog.importing.load import BATCH  # noqa: PLC0415
    from catalog.importing.pen import unhurried  # noqa: PLC0415
    from catalog.models import Price, Product  # noqa: PLC0415

    ids = list(Product.objects.order_by("-pk").values_list("pk", flat=True)[:IMPORTED])
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        with unhurried():
            Product.objects.filter(pk__in=batch).update(summary=f"Written at {time.time():.3f}.")
            Price.objects.filter(variant__product_id__in=batch).update(amount=F("amount") + 1)
    sys.stdin.read()


PARTS: dict[str, Callable[[], None]] = {"ask": ask, "rebuild": rebuild, "import": bring}


@contextmanager
def _beside(part: str) -> Iterator[dict[str, float]]:
    """Another process is at it inside the block; behind it there is what that said."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.index", part],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=place.CLONE,
    )
    told: dict[str, float] = {}
    try:
        yield told
    finally:
        if part != "ask":  # what is left of it is not measured
            process.kill()
        said, _complaints = process.communicate()
        told.update(json.loads(said or "{}"))


@contextmanager
def _working() -> Iterator[None]:
    """A relay and workers, as in production."""
    with ExitStack() as processes:
        for command in WORKERS:
            said = subprocess.DEVNULL
            process = subprocess.Popen(
                [*place.MANAGE, *command], stdout=said, stderr=said, start_new_session=True
            )
            processes.callback(process.wait)
            # With its own workers, in the middle of what is left of the import: that is not measured.
            processes.callback(os.killpg, process.pid, signal.SIGKILL)
        _edits("first", 1)  # they have begun
        yield


def _at(seconds: list[float], percent: int) -> float:
    return round(statistics.quantiles(seconds, n=100, method="inclusive")[percent - 1] * 1000, 1)


if __name__ == "__main__":
    main()
