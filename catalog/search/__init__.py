"""find(): the page of a list that a query means, the best first: the engine answers, or else the database."""

import re
import unicodedata
from dataclasses import dataclass

from catalog.queries import listing
from catalog.queries.listing import Listing
from catalog.queries.selection import Selection, Source
from catalog.search import client, database, engine, steering, texts
from catalog.search.meaning import understand
from catalog.search.words import folded
from shop.edge.recording import reading
from shop.markets import Market

LONGEST = 200  # characters of a query that are read


@dataclass(frozen=True)
class Found:
    """A page of goods by relevance, or as it is sorted.

    corrected: the query as it was probably meant, if it found nothing as it was typed. is_degraded: an engine
    should have answered, and the database did.
    """

    listing: Listing
    corrected: str = ""
    is_degraded: bool = False

    @property
    def is_partial(self) -> bool:
        """Does nothing have all the words, and what is shown most of them?"""
        return not self.listing.whole and self.listing.total > 0


class PlainBeyond(listing.Beyond):
    """The same, as the database says in the engine's place, or of a part: it is soon another."""


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


def plainer(query: str) -> str:
    """The words of a clean query without quotes and minuses; "" if it has none of these, or no word."""
    bare = clean(re.sub(r'"|(?<!\S)-+(?=["\w])', " ", query))
    return bare if bare != query and folded(bare) else ""


def find(market: Market, query: str, selection: Selection | None = None) -> Found:
    """The market's goods for a clean query; raises listing.Beyond if they end before the page asked for."""
    selection = selection or Selection(sort="relevance")
    with reading(f"search/{market.code}"):
        asked = understand(market, query)
        steered = steering.of(market, asked.corrected or query)
    is_degraded = client.is_configured()
    if is_degraded:
        try:
            counted = engine.count(market, asked, steered, selection)
        except client.Away:
            pass
        else:
            return Found(listing.shown(market, counted, selection), asked.corrected)
    is_ranked = selection.sort == "relevance"
    source = Source(matching=database.matching(market, asked, steered, is_ranked=is_ranked))
    try:
        found = listing.read(market, source, selection)
    except listing.Beyond as beyond:
        raise (PlainBeyond(beyond.last) if is_degraded or beyond.is_cut else beyond) from None
    return Found(found, asked.corrected, is_degraded)


def pages(market: Market, query: str) -> list[FoundPage]:
    """Pages of text (delivery, returns …) for a clean query, the best first; always from the database."""
    with reading(f"search/{market.code}"):
        return [FoundPage(*row) for row in texts.pages(market, query)]
