"""A shop with somebody's catalogue and a merchant's synonyms, to measure how it searches."""

import csv
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import override_settings
from tqdm import tqdm

from catalog.models import Card, Product, StaleDocument, Synonym, Variant
from catalog.search import client, indices, learning, rebuilding, schema
from shop import markets
from shop.changes import projector

SYNONYMS = Path(__file__).with_name("electronics.csv")
PATIENCE_MS = 10_000  # for what is measured: how late an answer was is told, not thrown away
DRAINED = 2.0  # seconds, then the progress bar is told


def prepare(kind: str, path: Path) -> None:
    """Imports the catalogue, makes its cards, and learns its words."""
    call_command("import_catalog", kind, str(path), images=False, publish=True, stdout=sys.stderr)
    follow()
    for language in sorted({market.language.split("-")[0] for market in markets.all()}):
        learning.learn(language)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def teach(path: Path = SYNONYMS) -> int:
    """The merchant's synonyms are those of a file, and no others; how many."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(row["words"], row["finds"] or "") for row in csv.DictReader(file)]
    if rows != list(Synonym.objects.order_by("pk").values_list("words", "finds")):
        Synonym.objects.all().delete()
        Synonym.objects.bulk_create(Synonym(words=words, finds=finds) for words, finds in rows)
        follow()
    return len(rows)


def follow() -> None:
    """What was written becomes cards."""
    with tqdm(
        total=Product.objects.count(), desc="Cards", unit="product", file=sys.stderr, leave=False
    ) as bar:
        while projector.drain(for_seconds=DRAINED):
            bar.n = Card.objects.values("product_id").distinct().count()
            bar.refresh()
        projector.drain()


@contextmanager
def searched_by(url: str) -> Iterator[None]:
    """Meanwhile that engine answers; "": the database."""
    with override_settings(ELASTICSEARCH_URL=url, ELASTICSEARCH_TIMEOUT_MS=PATIENCE_MS):
        client.forget()
        yield
    client.forget()


def index() -> rebuilding.Rebuilt:
    """All documents anew, in the engine of the moment."""
    StaleDocument.objects.all().delete()  # noted by the import: all is written now
    with tqdm(total=rebuilding.size(), desc="Documents", unit="product", file=sys.stderr, leave=False) as bar:
        return rebuilding.reindex(bar.update)


def is_indexed() -> bool:
    """Is there an index that is asked, with as many documents as there are products?"""
    for language, selling in schema.languages().items():
        asked = [name for name, is_asked in indices.versions(language).items() if is_asked]
        codes = [market.code for market in selling]
        goods = Card.objects.filter(market__in=codes).values("product_id").distinct().count()
        if not asked or indices.count(asked[0]) != goods:
            return False
    return bool(settings.ELASTICSEARCH_URL)


def products() -> Mapping[str, int]:
    """Every product by the end of its identity at its source ("icecat:1234"), else by its SKUs."""
    known = {
        sku: product
        for sku, product in Variant.objects.order_by("-pk").values_list("sku", "product_id")
        if sku
    }
    named = Product.objects.exclude(external_id=None).values_list("external_id", "pk")
    return known | {str(name).rpartition(":")[2]: pk for name, pk in named}
