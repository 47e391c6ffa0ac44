"""stem(): what a word's forms have in common, by the algorithm that PostgreSQL's configurations use too."""

from collections.abc import Callable
from functools import cache, lru_cache

import snowballstemmer

from catalog.models.card import text_config
from catalog.search.words import folded


def key(language: str, text: str) -> str:
    """The stems of a text's words in one order: the same for all their forms and orders."""
    return " ".join(sorted(map(stemmer(language), folded(text))))


@cache
def stemmer(language: str) -> Callable[[str], str]:
    """The function that stems a folded word of that language; one that nobody stems stays as it is."""
    config = text_config(language)
    if config == "simple":
        return str
    stem = lru_cache(maxsize=20_000)(snowballstemmer.stemmer(config).stemWord)
    return stem
