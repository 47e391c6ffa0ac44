"""parse(): a query as it was typed becomes groups of words; what else they mean is meaning.py's to say.

Each group must be found for a product to have all that was asked for; each of its ways is enough for it.
"quotes" hold words together, -word keeps goods out, and "or" between two words, in the market's language,
means either.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from catalog.search.folding import FRACTIONS, MARKS, plain

FEW = 5  # goods that have all words are enough; else what comes close is shown behind them
MOST_GROUPS = 12  # read of a query, and words of a group: further ones find nothing that these do not
LEAST_OPEN = 3  # letters: shorter ones begin too many words to mean one of them
_TOKEN = re.compile(r'(-?)"([^"]*)"|(\S+)')  # a quote that nobody ends is none: a 17" screen
_PART = re.compile(rf"\d+(?:[.,]\d+)+|(?:[^\W{FRACTIONS}]|[{MARKS}])+")
_SIZE = re.compile(r"(?<=\d)\s*[x×]\s*(?=\d)", re.IGNORECASE)  # 50 × 70, 50x70
_GOES_ON = re.compile(rf"[\w{MARKS}]$")
# Elsewhere "or" may be a thing: French gold.
_EITHER = {"de": "oder", "nl": "of", "fr": "ou", "es": "o", "it": "o", "pt": "ou"}
_EITHER |= {"da": "eller", "sv": "eller", "nb": "eller", "fi": "tai", "ru": "или", "en": "or"}

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
    """One thing that is asked for, the way it was typed first.

    text: what was typed. parts: its words, of what stands alone: what is quoted, or may be another, is none
    that more may be known of.
    """

    ways: tuple[Way, ...]
    text: str = field(default="", compare=False)
    parts: Words = field(default=(), compare=False)

    @property
    def words(self) -> Words:
        """As it was typed."""
        return self.ways[0].words

    @property
    def word(self) -> str:
        """The word that it is, if it is one by itself."""
        return self.parts[0] if len(self.parts) == 1 else ""

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


def parse(typed: str, language: str = "en") -> Asked:
    """The groups of a clean query, folded; the last word is open unless something ends it."""
    groups, excluded = list[Group](), list[Way]()
    is_strict, is_either, is_open = False, False, False
    either = _EITHER.get(language.split("-")[0])
    text = typed if '"' in typed else _SIZE.sub("x", typed)
    for without, quoted, token in _TOKEN.findall(text):
        if token.lower() == either and groups and not is_either:
            is_either = True
            continue
        if not token:  # quoted
            group, is_open = _quoted(quoted), False
            is_strict = is_strict or bool(group)
        else:
            without = without or re.match(r"-(?=\w)", token)
            group = _group(token.removeprefix("-") if without else token)
            is_open = bool(group) and not without and bool(_GOES_ON.search(token))
        if group is None:
            continue
        if without:
            excluded += group.ways
            is_strict = True
        elif is_either:
            groups[-1] = Group((*groups[-1].ways, *group.ways))
            is_strict = True
        else:
            groups.append(group)
        is_either = False
    groups = list(dict.fromkeys(groups))[:MOST_GROUPS]
    if is_open and groups:
        groups[-1] = replace(groups[-1], ways=tuple(_open(way) for way in groups[-1].ways))
    return Asked(typed, tuple(groups), tuple(excluded), is_strict)


def folded(text: str) -> list[str]:
    """The words of a text: lower case, without accents and punctuation; 3.5 is one."""
    return [part for part in _PART.findall(plain(text).lower()) if any(map(str.isalnum, part))]


def _quoted(text: str) -> Group | None:
    words = tuple(folded(text))[:MOST_GROUPS]
    return Group((Way(words, is_phrase=len(words) > 1),), text) if words else None


def _group(token: str) -> Group | None:
    """A word, a size, or what stands between hyphens and the like: as it stands, in parts, and in one."""
    parts = tuple(folded(token))[:MOST_GROUPS]
    whole = re.sub(r"^\W+|\W+$", "", plain(token).lower())
    sides = [one for side in _SIZE.split(whole) for one in folded(side)]
    if len(sides) > len(parts):
        return Group((Way((whole,)), Way(tuple(sides[:MOST_GROUPS]), 0.9)), token, parts)
    if len(parts) < 2:
        return Group((Way(parts),), token, parts) if parts else None
    ways = (Way((whole,)),) if re.search(r"\d|\w\.\w", whole) else ()
    joined = Way(("".join(parts),), 0.9)
    return Group((*ways, Way(parts, 0.9 if ways else 1.0), joined), token, parts)


def _open(way: Way) -> Way:
    return replace(way, is_open=not way.is_phrase and len(way.words[-1]) >= LEAST_OPEN)
