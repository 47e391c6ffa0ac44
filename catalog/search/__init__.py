"""find(): the products that a query means, the best first. An engine may answer here, else the database."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from catalog.search import database
from shop.edge.recording import reading
from shop.markets import Market

LONGEST = 200  # characters of a query that are read
MOST = 5_000  # products that are ranked; whoever gets more narrows the query


@dataclass(frozen=True)
class Found:
    """Products by relevance. `is_capped`: there are more. `is_degraded`: the fallback answered.

    `is_partial`: none has all the words, these have most of them.
    """

    product_ids: Sequence[int]
    is_capped: bool = False
    is_partial: bool = False
    is_degraded: bool = False


@dataclass(frozen=True)
class FoundPage:
    """A page of text that matches; `is_named` if its title or summary does."""

    title: str
    slug: str
    summary: str
    is_named: bool


def clean(query: str) -> str:
    """What was typed, as it is searched and shown again: one line of at most LONGEST characters."""
    typed = unicodedata.normalize("NFC", query[: 4 * LONGEST])
    printable = "".join(c if c.isprintable() else " " for c in typed)
    return re.sub(r"\s+", " ", printable).strip()[:LONGEST].strip()


def is_short(query: str) -> bool:
    """Has it no word of three letters, so that finding nothing says little?"""
    return not re.search(r"\w{3}", query)


def find(market: Market, query: str) -> Found:
    """The market's products for a clean query."""
    with reading(f"search/{market.code}"):
        ids, is_partial = database.products(market, query, MOST + 1), False
        if not ids:
            ids, is_partial = database.closest(market, query, MOST + 1), True
    return Found(product_ids=ids[:MOST], is_capped=len(ids) > MOST, is_partial=is_partial and bool(ids))


def pages(market: Market, query: str) -> list[FoundPage]:
    """Pages of text (delivery, returns …) for a clean query, the best first; always from the database."""
    with reading(f"search/{market.code}"):
        return [FoundPage(*row) for row in database.pages(market, query)]
