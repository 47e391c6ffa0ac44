"""parse(): a query as it was typed becomes groups of words; what else they mean is meaning.py's to say.

Each group must be found for a product to have all that was asked for; each of its ways is enough for it.
"quotes" hold words together, -word keeps goods out, and "or" between two words means either.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from catalog.search.folding import plain

FEW = 5  # goods that have all words are enough; else what comes close is shown behind them
MOST_GROUPS = 12  # read of a query: further ones find nothing that these do not
_TOKEN = re.compile(r'(-?)"([^"]*)"?|(\S+)')
_PART = re.compile(r"\d+(?:[.,]\d+)+|\w+")
_EITHER = "or"

Words = tuple[str, ...]


@dataclass(frozen=True)
class Way:
    """Words that must all be there; one behind the other, if it is a phrase.

    weight: what a find is worth beside the words as they were typed. rarity: of each word, the fewer goods
    have it, the more. is_open: its last word may be only the beginning of one.
    """

    words: Words
    weight: float = 1.0
    rarity: tuple[float, ...] = field(default=(), compare=False)
    is_open: bool = False
    is_phrase: bool = False


@dataclass(frozen=True)
class Group:
    """One thing that is asked for, the way it was typed first."""

    ways: tuple[Way, ...]

    @property
    def words(self) -> Words:
        """As it was typed."""
        return self.ways[0].words

    @property
    def is_word(self) -> bool:
        """Is it one plain word, of which more may be known?"""
        return len(self.ways) == 1 and len(self.words) == 1 and not self.ways[0].is_phrase

    def also(self, ways: Iterable[Way]) -> "Group":
        """The same, and these ways; the first of the same words counts."""
        known = dict[Words, Way]()
        for way in (*self.ways, *ways):
            known.setdefault(way.words, way)
        return replace(self, ways=tuple(sorted(known.values(), key=lambda way: -way.weight)))


@dataclass(frozen=True)
class Asked:
    """What a query asks for. `is_strict`: who quotes, or leaves out, means it: nothing comes close.

    corrected: the query as it was probably meant, where a word of it is none of ours.
    """

    text: str
    groups: tuple[Group, ...] = ()
    excluded: tuple[Way, ...] = ()
    is_strict: bool = False
    corrected: str = field(default="", compare=False)

    @property
    def words(self) -> list[str]:
        """All words as they were typed."""
        return [word for group in self.groups for word in group.words]

    @property
    def enough(self) -> int:
        """Groups that something must have to come close: half of them."""
        return len(self.groups) if self.is_strict else -(-len(self.groups) // 2)


def parse(text: str) -> Asked:
    """The groups of a clean query, folded; the last word is open unless a quote ends it."""
    groups, excluded = list[Group](), list[Way]()
    is_strict, is_either, is_open = False, False, False
    for without, quoted, token in _TOKEN.findall(text):
        if token.casefold() == _EITHER and groups:
            is_either = is_strict = True
            continue
        if not token:  # quoted
            words, is_strict, is_open = folded(quoted), True, False
            ways: tuple[Way, ...] = (Way(tuple(words), is_phrase=len(words) > 1),) if words else ()
        else:
            without, ways = ("-", _ways(token[1:])) if re.match(r"-\w", token) else (without, _ways(token))
            is_open = bool(ways) and not without and bool(re.search(r"\w$", token))
        if not ways:
            continue
        if without:
            excluded.append(ways[-1])
            is_strict = True
        elif is_either:
            groups[-1] = Group((*groups[-1].ways, *ways))
        else:
            groups.append(Group(ways))
        is_either = False
    groups = _once(groups)[:MOST_GROUPS]
    if is_open and groups:
        groups[-1] = Group(tuple(replace(way, is_open=not way.is_phrase) for way in groups[-1].ways))
    return Asked(text, tuple(groups), tuple(excluded), is_strict)


def folded(text: str) -> list[str]:
    """The words of a text: lower case, without accents and punctuation; 3.5 is one."""
    return _PART.findall(plain(text).casefold())


def _ways(token: str) -> tuple[Way, ...]:
    """A word, or what stands between hyphens and the like: as it stands, in parts, and in one."""
    parts = folded(token)
    if len(parts) < 2:
        return (Way(tuple(parts)),) if parts else ()
    whole = re.sub(r"^\W+|\W+$", "", plain(token).casefold())
    joined = "".join(parts)
    ways = (Way((whole,)),) if re.search(r"\d", whole) else ()
    return (*ways, Way(tuple(parts), 0.9 if ways else 1.0), Way((joined,), 0.9))


def _once(groups: Sequence[Group]) -> list[Group]:
    return list(dict.fromkeys(groups))
