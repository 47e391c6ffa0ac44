"""What keys are about: which tables a key stands for, so that a page cannot read what nothing would purge.

An app declares its keys by patterns, in which * is one part of a key: "category/*/*:in" stands for
"category/7/eu:in". Its rules for shop.changes purge them; tests hold both against each other.
"""

import re
from collections.abc import Collection, Mapping
from functools import lru_cache

from django.apps import apps

_declared: dict[str, frozenset[str]] = {}


def declare(patterns: Mapping[str, Collection[str]]) -> None:
    """Patterns of keys → labels of the models ("catalog.card") whose changes purge them."""
    for pattern, labels in patterns.items():
        _declared[pattern] = frozenset(labels)
    covered.cache_clear()


def declared() -> Mapping[str, frozenset[str]]:
    """All patterns, with the labels of their models."""
    return _declared


@lru_cache(maxsize=20_000)
def covered(key: str) -> frozenset[str]:
    """The tables that the key stands for; LookupError if nobody has declared it, or no header takes it."""
    labels = _declared.get(pattern_of(key))
    if labels is None or not re.fullmatch(r"[!-+\--~]+", key):
        raise LookupError(f"no key like {key!r} is declared: see shop.edge.keys.declare")
    return frozenset(apps.get_model(label)._meta.db_table for label in labels)


def pattern_of(key: str) -> str:
    """category/7/eu:in → category/*/*:in; slug/product/pen → slug/product/*: behind a slash stands a value.

    But for the model behind `slug` and `path`, by which it is looked up.
    """
    return re.sub(r"(?<!^slug)(?<!^path)/[^/:]+", "/*", key)
