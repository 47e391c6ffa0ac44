"""Titles taken apart: brand, model, and the words that say what kind of thing it is."""

import re
from collections.abc import Collection, Iterable

from catalog.importing.icecat.items import Item

LONGEST = 6  # words of a kind
_NOUN = re.compile(r"[a-z][a-z/&'’-]*")
_HEAD = re.compile(r"[A-Z](?=.*[A-Za-z])[A-Za-z0-9/-]*")  # USB cable, MP3/MP4 player, Jigsaw puzzle
# What stands behind these says what a thing is for or comes with, not what it is.
_BREAK = re.compile(r"[,;–|]|\s\(|\.\s|\s-|-\s|\s(?:w/|(?:for|with|on|from|by|incl)\b)", re.IGNORECASE)
_SIGNS = "®™*\"'"
_WORD = re.compile(r"[^\W_]+(?:['’/&-][^\W_]+)*")
NOTHING = frozenset({"not categorized", "other", "component", "blank", "portable", "spares and accessories"})


def after_brand(item: Item) -> str:
    """The title without the brand before it."""
    if item.brand and item.title.casefold().startswith(item.brand.casefold()):
        return item.title[len(item.brand) :].strip()
    return item.title


def after_model(item: Item) -> str | None:
    """What follows the model; None: it does not stand in the title as it is."""
    title, model = after_brand(item), item.name
    at = title.casefold().find(model.casefold()) if model else -1
    return title[at + len(model) :].strip() if at >= 0 else None


def leading(rest: str, said: Collection[str]) -> str:
    """The noun phrase at the beginning, in small letters but for the first word; `said`: features' words.

    A first word with a capital and nothing behind it may be a feature: it comes back with a "?".
    """
    words: list[str] = []
    for number, word in enumerate(rest.split()[:LONGEST]):
        is_said = word.casefold() in said
        if not (
            (_NOUN.fullmatch(word) and not (words and is_said))
            or (number == 0 and _HEAD.fullmatch(word) and not is_said)
        ):
            break
        words.append(word)
    if len(words) > 1 and " ".join(words[1:]).casefold() in said:
        del words[1:]
    if len(words) == 1 and not _NOUN.fullmatch(words[0]):
        return f"?{words[0]}"
    return " ".join(words)


def features(item: Item) -> set[str]:
    """Words that the item's attributes say: they end the kind in its title."""
    found: set[str] = set()
    for key, value in item.attributes.items():
        if key.startswith("attr_b_"):
            found.add(key[7:].replace("_", " ").strip())
        elif isinstance(value, str) and key != "attr_t_product_type":
            low = value.casefold()
            found.add(low)
            found.update(part.strip() for part in re.split("[,/;&]", low))
    return found


def colours(items: Iterable[Item]) -> set[str]:
    """What attributes of colours say, in small letters: titles end with it."""
    said = (value for item in items for key, value in item.attributes.items() if "colour" in key)
    return {part.strip() for value in said if isinstance(value, str) for part in value.casefold().split(",")}


def head(text: str) -> str:
    """The text up to what the thing is for, or comes with."""
    return _BREAK.split(text, maxsplit=1)[0].strip()


def trimmed(text: str, said: Collection[str]) -> list[str]:
    """The words of the head, as written, without numbers, models and features (`said`) at its end."""
    parts = head(text).split()
    while parts and (
        not _is_word(parts[-1])
        or parts[-1].casefold().strip(_SIGNS) in said
        or " ".join(parts[-2:]).casefold() in said
    ):
        parts.pop()
    return parts


def _is_word(text: str) -> bool:
    bare = text.strip(_SIGNS).replace("-", "").replace("/", "").replace("+", "")
    return bare.isalpha() and len(bare) > 1


def words(text: str) -> list[str]:
    """Its words in small letters, in the singular as far as an s tells."""
    return [singular(word) for word in _WORD.findall(text.casefold())]


def singular(word: str) -> str:
    """Without a plural's s."""
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is", "ens", "series")):
        return word
    return f"{word[:-3]}y" if word.endswith("ies") else word[:-1]


def key(phrase: str) -> str:
    """What two spellings of a phrase share."""
    return " ".join(words(phrase))
