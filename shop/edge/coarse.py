"""Coarse keys: a page with more keys than its edge takes carries 64 for all keys of a kind.

They follow from the key alone, so that a purge can name both: whatever a page carries, it is met.
"""

import zlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, KeysView

from shop.edge.keys import pattern_of

BUCKETS = 64


def key_of(key: str) -> str:
    """card/eu/7 → card/*/*~41."""
    return f"{pattern_of(key)}~{zlib.crc32(key.encode('utf-8', 'replace')) % BUCKETS}"


def with_coarse(keys: Iterable[str]) -> KeysView[str]:
    """What a purge of these keys names: each of them, and the coarse one of each, side by side.

    So one of several calls that fails leaves few keys behind whose coarse form was in another one.
    """
    of = {key: key_of(key) for key in keys}
    return dict.fromkeys(name for key in sorted(of, key=of.__getitem__) for name in (of[key], key)).keys()


def fitted(keys: Collection[str], fits: Callable[[Collection[str]], bool]) -> Collection[str]:
    """The same keys, or those of the most numerous kinds coarse, until an answer can carry them.

    ValueError if not even so: no page has that many kinds.
    """
    if fits(keys):
        return keys
    kinds = defaultdict[str, set[str]](set)
    for key in keys:
        kinds[pattern_of(key)].add(key)
    for kind in sorted(kinds, key=lambda kind: len(kinds[kind]), reverse=True):
        kinds[kind] = {key_of(key) for key in kinds[kind]}
        if fits(carried := set().union(*kinds.values())):
            return carried
    raise ValueError(f"{len(keys)} keys of {len(kinds)} kinds do not fit, coarse as they are")
