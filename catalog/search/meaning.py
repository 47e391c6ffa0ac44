"""understand(): what a query means besides its words, the same for the engine and for the database.

The merchant's synonyms; the nearest words that our goods bear, for one that none does; compounds, and words
that some write apart and some together. `understand` reads, everything else is decided without a database.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice, product
from math import prod

from catalog.search import synonyms, vocabulary
from catalog.search.stems import stemmer
from catalog.search.synonyms import Expansion, Synonyms
from catalog.search.vocabulary import Known
from catalog.search.words import Asked, Group, Way, parse
from shop.markets import Market

# What a find is worth beside the words as they were typed, which are worth 1.
SAME, TOGETHER, COMPOUND = 0.2, 0.9, 0.6
COMBINED = 8  # ways of saying several words together


def understand(market: Market, text: str) -> Asked:
    """A clean query with all that its words mean in that market."""
    asked = parse(text, market.language)
    if not asked.groups:
        return asked
    same = synonyms.of(market, stemmer(market.language))
    known = _look_up(market, asked, same)
    meant = corrected(asked, known, same)
    if meant == asked:
        return expand(asked, known, same)
    return expand(meant, _look_up(market, meant, same), same, asked.groups)


def _look_up(market: Market, asked: Asked, same: Synonyms) -> Known:
    others = [word for one in _spans(asked.groups, same) for words in one.alternatives for word in words]
    others += [word for group in asked.groups for way in group.ways for word in way.words]
    return vocabulary.look_up(market.language, asked.words, others)


def corrected(asked: Asked, known: Known, same: Synonyms) -> Asked:
    """The query with the nearest that our goods bear for each word that none does; else as it is."""
    if asked.is_strict:
        return asked
    groups, last = list(asked.groups), len(asked.groups) - 1
    said = {place for one in _spans(groups, same) for place in range(one.start, one.end)}
    for place, group in enumerate(groups):
        word = group.word
        if not word or place in said or known.is_known(word) or known.is_stop(word):
            continue
        is_begun = place == last and group.ways[0].is_open and known.begins(word)
        if not is_begun and (near := known.nearest(word)):
            way = replace(group.ways[0], words=near[:1])
            groups[place] = Group((way,), near[0], near[:1])
    if groups == list(asked.groups):
        return asked
    return replace(asked, groups=tuple(groups), corrected=" ".join(group.text for group in groups))


def expand(asked: Asked, known: Known, same: Synonyms, typed: Sequence[Group] = ()) -> Asked:
    """The query without its stop words, unless it has no others, and with all ways of each group.

    typed: the groups before they were corrected; some text may have what was typed.
    """
    groups = list[Group]()
    for group, start, end in _merged(asked.groups, known, same):
        filled = _filled(group, known, is_last=end == len(asked.groups))
        if typed and typed[start:end] != asked.groups[start:end]:
            way = _together(typed[start:end]).ways[0]
            filled = filled.also([_weighed(way, filled.ways[0], known)])
        groups.append(filled)
    # What says nothing finds nothing, not all but what is left out.
    is_said = not all(_says_nothing(group, known) for group in asked.groups)
    return replace(asked, groups=tuple(groups), excluded=asked.excluded if is_said else ())


def _spans(groups: Sequence[Group], same: Synonyms) -> list[Expansion]:
    """Which groups, from start to end, have synonyms. One that is quoted is in no term."""
    words, at = list[str](), list[int]()
    for place, group in enumerate(groups):
        words += group.parts or ("",)
        at += [place] * max(len(group.parts), 1)
    found = list[Expansion]()
    for one in same.expansions(words):
        start, end = at[one.start], at[one.end - 1] + 1
        if at.index(start) == one.start and at[one.end : one.end + 1] != [end - 1]:
            found.append(Expansion(start, end, one.alternatives))
    return found


def _merged(groups: Sequence[Group], known: Known, same: Synonyms) -> Iterator[tuple[Group, int, int]]:
    """Words that together mean something become one group, which also has what they mean; and their places.

    Stop words are left out, but in what means something with them.
    """
    spans = {one.start: one for one in _spans(groups, same)}
    said = [_says_nothing(group, known) for group in groups]
    place = 0
    while place < len(groups):
        end = place + 1
        if span := spans.get(place):
            end = span.end
            # "digital camera" finds no more than "camera" has found.
            typed = {word for group in groups[place:end] for word in group.words}
            ways = [Way(words, SAME) for words in span.alternatives if not typed <= set(words)]
            yield _together(groups[place:end]).also(ways), place, end
        elif not said[place] or all(said):
            ways = []
            if end < len(groups) and end not in spans and not said[end]:
                pair = groups[place].word + groups[end].word
                if groups[place].word and groups[end].word and known.goods(pair):
                    ways, end = [Way((pair,), TOGETHER)], end + 1
            yield _together(groups[place:end]).also(ways), place, end
        place = end


def _says_nothing(group: Group, known: Known) -> bool:
    """Is it a stop word, or are all that are quoted? "to-do" may be one word."""
    return all(map(known.is_stop, group.words)) and (bool(group.word) or not group.parts)


def _together(groups: Sequence[Group]) -> Group:
    """One group that needs all words of these, each in any of its ways."""
    if len(groups) == 1:
        return groups[0]
    said = product(*(group.ways for group in groups))
    return Group(
        tuple(
            Way(
                tuple(word for way in ways for word in way.words),
                prod(w.weight for w in ways),
                is_open=ways[-1].is_open,
            )
            for ways in islice(said, COMBINED)
        ),
        " ".join(group.text for group in groups),
    )


def _filled(group: Group, known: Known, *, is_last: bool) -> Group:
    """What is known of a group's words: whether they are beginnings, what they are parts of, or made of."""
    ways: list[Way] = []
    for way in group.ways:
        if not way.is_phrase:
            way = replace(way, words=tuple(w for w in way.words if not known.is_stop(w)) or way.words)
        # Half a word is a beginning of others; "desk" is not the beginning of "desktop".
        is_open = way.is_open and is_last and not known.is_known(way.words[-1])
        ways.append(replace(way, is_open=is_open))
    typed, words = ways[0], [way.words[0] for way in ways if len(way.words) == 1]
    for word in words:
        ways += [Way((whole,), COMPOUND) for whole in known.compounds(word)]
        if parts := known.parts(word):
            ways.append(Way(parts, TOGETHER))
            if known.may_be_compound(word):
                ways.append(Way(parts[-1:], SAME))
    return Group(()).also(_weighed(way, typed, known) for way in ways)


def _weighed(way: Way, typed: Way, known: Known) -> Way:
    """With how rare its words are: of those that were not typed, as rare as those that were, all in all."""
    rarity = [known.rarity(word) for word in typed.words]
    if way.words == typed.words:
        return replace(way, rarity=tuple(rarity))
    return replace(way, rarity=(sum(rarity) / len(way.words),) * len(way.words))
