"""Names of attributes: "Operating temperature (T-T)" out of attr_t_operating_temperature__t_t_.

Icecat's keys have lost capitals and signs. How words are written is learnt from the files' own texts (USB,
Wi-Fi, PowerPC); brackets and slashes follow from where underscores stand twice or three times.
"""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import lru_cache

from catalog.importing.icecat.items import Item

CODE = 33  # characters of a code, so that the vocabulary keeps it as it is
NAME = 80  # of the column
OWN = {  # what the rules cannot know
    "product_colour": "Colour",
    "dimensions__wxdxh_": "Dimensions (W x D x H)",
}
CODES = {"product_colour": "colour"}
ENOUGH = 3  # times that a word must be written with a hyphen or in capitals
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_PLURAL = re.compile(r"_s_(?=_|$)")
_INCHES = re.compile(r"(?<![a-z0-9])([0-9])_([0-9])__(?=[a-z])")
_DECIMAL = re.compile(r"(?<=[0-9])_(?=[0-9])")
_PAIR = re.compile(r"__(.+?)__")
_WIDTHS = re.compile(r"\bwxdxh\b")


class Names:
    """Writes attributes' names as these files would."""

    def __init__(self, items: Iterable[Item]) -> None:
        written: dict[str, Counter[str]] = defaultdict(Counter)
        texts = Counter(text for item in items for text in _texts(item))
        for text, number in texts.items():
            for word in _WORD.findall(text):
                written[word.casefold()][word] += number
        self._written = {low: _usual(forms) for low, forms in written.items()}
        self._hyphened = {
            low for low, forms in written.items() if "-" in low and sum(forms.values()) >= ENOUGH
        }
        self._brands = {item.brand.casefold(): item.brand for item in items if item.brand.isalnum()}
        self._names: dict[str, str] = {}

    def name(self, key: str) -> str:
        """What shoppers read: of attr_n_usb_2_0_ports_quantity, "USB 2.0 ports quantity"."""
        bare = key[7:]
        if bare not in self._names:
            self._names[bare] = OWN.get(bare) or self._made(bare)
        return self._names[bare]

    def _made(self, bare: str) -> str:
        text = _WIDTHS.sub("w x d x h", _PLURAL.sub("(s)_", bare))
        for brand in self._brands:  # "Intel® Turbo Boost": the sign has become an underscore
            text = re.sub(rf"(?<![a-z]){re.escape(brand)}__", f"{brand}_", text)
        text = _INCHES.sub(r'\1.\2"_', text)
        text = text.replace("___", " / ")
        text = _DECIMAL.sub(".", text)
        if text.endswith("_") and "__" in text:
            before, _signs, inside = text.rstrip("_").partition("__")
            text = f"{before} ({inside.replace('__', ', ')})"
        text = _PAIR.sub(r" (\1) ", text).replace("__", " ")
        words = " ".join(text.replace("_", " ").split()).replace("( ", "(").replace(" )", ")")
        name = re.sub(r"\(([^()]+)\)", lambda found: f"({self._bracketed(found[1])})", words)
        name = self._spelled(name)
        return (name[:1].upper() + name[1:])[:NAME].strip() or bare[:NAME]

    def _bracketed(self, inside: str) -> str:
        """Signs of units belong together: T-T, H-H; short ones without a vowel are abbreviations."""
        words = inside.split()
        if len(words) > 1 and all(len(word) == 1 and word.isalpha() for word in words):
            return "-".join(words).upper()
        if len(words) == 1 and inside.isalpha() and 1 < len(inside) < 5 and not set(inside) & set("aeiou"):
            return inside.upper()
        return inside

    def _spelled(self, text: str) -> str:
        parts = text.split(" ")
        found: list[str] = []
        while parts:
            first = parts.pop(0)
            joined = f"{first}-{parts[0]}" if parts else ""
            if joined.strip("()").casefold() in self._hyphened:
                parts.pop(0)
                first = joined
            found.append(_WORD.sub(lambda word: self._word(word[0]), first))
        return " ".join(found)

    def _word(self, word: str) -> str:
        low = word.casefold()
        return self._brands.get(low) or self._written.get(low, word)


@lru_cache(maxsize=50_000)
def code(key: str) -> str:
    """The attribute's code: the key's words; a long one ends with a few letters of its digest."""
    bare = CODES.get(key[7:], key[7:]).strip("_")
    text = re.sub("[^a-z0-9]+", "-", bare.casefold()).strip("-") or "attribute"
    if len(text) > CODE:
        text = f"{text[: CODE - 7].strip('-')}-{hashlib.sha256(bare.encode()).hexdigest()[:6]}"
    return text


def _texts(item: Item) -> Iterable[str]:
    yield item.title
    yield item.summary
    for value in item.attributes.values():
        if isinstance(value, str) and len(value) < 200:
            yield value


def _usual(forms: Counter[str]) -> str:
    """The commonest spelling, if it has capitals that a sentence would not give it; else small letters."""
    form, number = forms.most_common(1)[0]
    is_special = any(sign.isupper() for sign in form[1:])
    return form if is_special and number >= ENOUGH else form.casefold()
