"""understand(): what a query means besides its words, the same for the engine and for the database.

The merchant's synonyms; the nearest words that our goods bear, for one that none does; compounds, and words
that some write apart and some together. `understand` reads, everything else is decided without a database.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from catalog.search import synonyms, vocabulary
from catalog.search.stems import stemmer
from catalog.search.synonyms import Synonyms
from catalog.search.vocabulary import Known
from catalog.search.words import Asked, Group, Way, Words, parse
from shop.markets import Market

# What a find is worth beside the words as they were typed, which are worth 1.
SAME, TOGETHER, MEANT, COMPOUND = 0.2, 0.9, 0.6, 0.6


def understand(market: Market, text: str) -> Asked:
    """A clean query with all that its words mean in that market."""
    asked = parse(text)
    if not asked.groups:
        return asked
    same = synonyms.of(market, stemmer(market.language))
    typed = expand(asked, vocabulary.look_up(market.language, asked.words), same)
    if not typed.corrected:
        return typed
    meant = parse(typed.corrected)
    return meant_by(typed, expand(meant, vocabulary.look_up(market.language, meant.words), same))


def meant_by(typed: Asked, meant: Asked) -> Asked:
    """What was probably meant, with all that it means, and what was typed: some text may have that."""
    groups = meant.groups
    if len(typed.groups) == len(groups):
        groups = tuple(
            group.also([way for way in mistyped.ways if way.words == mistyped.words])
            for group, mistyped in zip(groups, typed.groups, strict=True)
        )
    return replace(typed, groups=groups)


def expand(asked: Asked, known: Known, same: Synonyms) -> Asked:
    """The query without its stop words, unless it has no others, and with all ways of each group."""
    groups = [group for group in asked.groups if not (group.is_word and known.is_stop(group.words[0]))]
    groups = list(_merged(groups or list(asked.groups), known, same))
    last = len(groups) - 1
    filled = tuple(_filled(group, known, is_last=place == last) for place, group in enumerate(groups))
    return replace(asked, groups=filled, corrected=_corrected(asked, known, same))


def _merged(groups: Sequence[Group], known: Known, same: Synonyms) -> Iterator[Group]:
    """Words that together mean something become one group, which also has what they mean."""
    plain = [group.words[0] if group.is_word else "" for group in groups]
    spans = {one.start: one for one in same.expansions(plain)}
    place = 0
    while place < len(groups):
        if span := spans.get(place):
            end = span.end
            # "digital camera" finds no more than "camera" has found.
            typed = set(plain[place:end])
            ways = [Way(words, SAME) for words in span.alternatives if not typed <= set(words)]
            yield _together(groups[place:end]).also(ways)
        else:
            both = plain[place : place + 2]
            pair = "".join(both) if len(both) == 2 and all(both) and place + 1 not in spans else ""
            end = place + (2 if pair and known.goods(pair) else 1)
            yield _together(groups[place:end]).also([Way((pair,), TOGETHER)] if end > place + 1 else [])
        place = end


def _together(groups: Sequence[Group]) -> Group:
    """One group that needs all words of these."""
    if len(groups) == 1:
        return groups[0]
    words = tuple(word for group in groups for word in group.words)
    return Group((Way(words, is_open=groups[-1].ways[0].is_open),))


def _filled(group: Group, known: Known, *, is_last: bool) -> Group:
    """What is known of a group's words: beginnings, compounds, and what was probably meant."""
    ways: list[Way] = []
    for way in group.ways:
        # Half a word is a beginning of others; "desk" is not the beginning of "desktop".
        is_open = way.is_open and is_last and not known.is_known(way.words[-1])
        ways.append(replace(way, is_open=is_open))
    typed = ways[0]
    if len(typed.words) == 1 and not typed.is_phrase:
        (word,) = typed.words
        ways += [Way((whole,), COMPOUND) for whole in known.compounds(word)]
        if parts := known.parts(word):
            ways.append(Way(parts, TOGETHER))
        if not known.is_known(word) and not (typed.is_open and known.begins(word)):
            ways += [Way((near,), MEANT) for near in known.nearest(word)]
    return Group(tuple(_weighed(way, typed, known) for way in Group(()).also(ways).ways))


def _weighed(way: Way, typed: Way, known: Known) -> Way:
    """With how rare its words are: of those that were not typed, as rare as those that were, all in all."""
    rarity = [known.rarity(word) for word in typed.words]
    if way.words == typed.words:
        return replace(way, rarity=tuple(rarity))
    return replace(way, rarity=(sum(rarity) / len(way.words),) * len(way.words))


def _corrected(asked: Asked, known: Known, same: Synonyms) -> str:
    """The query with each word that none of our goods bears replaced by the nearest that some do."""
    if asked.is_strict:
        return ""
    last, words = len(asked.groups) - 1, list[Words]()
    for place, group in enumerate(asked.groups):
        (word, *rest) = group.words
        is_meant = group.is_word and not rest and not known.is_known(word) and not known.is_stop(word)
        if is_meant and place == last and group.ways[0].is_open and known.begins(word):
            is_meant = False
        if is_meant and same.expansions([word]):
            is_meant = False
        near = known.nearest(word) if is_meant else ()
        words.append((near[0],) if near else group.words)
    meant = [word for group in words for word in group]
    return " ".join(meant) if meant != asked.words else ""
