"""What follows for the search engine's documents; nothing where no engine is configured.

Only this module, and who asks it, know what touches a document: catalog/search/documents.py writes them.
"""

from collections.abc import Iterable, Sequence

from catalog.keys import DOCUMENTED
from catalog.models import Card
from catalog.noted import column, ids_of, touches, values
from catalog.search import client, indices, schema
from shop.changes.models import Row
from shop.changes.rules import Effects

DOCUMENTS = "documents"


def documents(product_ids: Iterable[int], effects: Effects) -> None:
    """These products' documents may be old."""
    if client.is_configured():
        effects.project(DOCUMENTS, product_ids)


def of_cards(rows: Sequence[Row], effects: Effects) -> None:
    """What is found, filtered and sorted by stands in cards."""
    documents(values((row for row in rows if touches(row, *DOCUMENTED)), "product_id"), effects)


def all_documents(effects: Effects) -> None:
    """Cards were emptied, perhaps: documents of products that have none are deleted as well."""
    if client.is_configured():
        documents(column(Card.objects.all(), "product_id"), effects)
        # Which products are only in the engine's index nobody here knows: the next repair does.
        effects.enqueue("catalog.repair_documents", [0], "low")


def refreshed(rows: Sequence[Row], effects: Effects) -> None:
    """The engine finds something else than before in a language: searches in its markets are stale."""
    told = ids_of(rows)
    for language, markets in schema.languages().items():
        if indices.alias(language) in told:
            effects.purge(*(f"search/{market.code}" for market in markets))


def all_refreshed(effects: Effects) -> None:
    """Nobody knows any more what was."""
    effects.purge(*(f"search/{market.code}" for found in schema.languages().values() for market in found))
