"""plain(): a text without its accents, so that who types them and who does not find the same.

Only of Latin letters: in other scripts marks make other letters (Cyrillic й, Japanese が). The same as
catalog_plain() in the database, which makes cards, and as the engine's asciifolding for what is written in
the languages that we know.
"""

import re
import unicodedata

# What decomposition leaves as it is, and what becomes two letters.
_ONE = dict(zip("øØłŁđĐðÐħĦŧŦı²³¹", "oOlLdDdDhHtTi231", strict=True))
_TWO = {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "þ": "th", "Þ": "TH"}
# As they come from an East Asian keyboard (ＵＳＢ), and from print (ﬁ).
_WIDE = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_TIED = {c: unicodedata.normalize("NFKC", c) for c in map(chr, range(0xFB00, 0xFB07))}
_LETTERS = str.maketrans(_ONE | _TWO | _WIDE | _TIED)
_MARKED = re.compile(r"([A-Za-z])[\u0300-\u036f]+")

# Of other scripts, which are parts of words: what Python's \w leaves out.
MARKS = "".join(c for c in map(chr, range(0x483, 0xFE00)) if unicodedata.category(c) in ("Mn", "Mc"))
# Numbers that are no digits, as ½ and ⑤, are no parts of words, whatever Python's \w says.
FRACTIONS = "".join(c for c in map(chr, range(0xB2, 0x3400)) if unicodedata.category(c) == "No")


def plain(text: str) -> str:
    """Without accents: café → cafe."""
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFD", text).translate(_LETTERS)
    return unicodedata.normalize("NFC", _MARKED.sub(r"\1", decomposed))


# Letters that one of ASCII may stand for in the names of Europe, by it: e → èéêë…
SPELLED: dict[str, str] = {}
for _char in map(chr, range(0xC0, 0x180)):
    if len(_its := plain(_char)) == 1 and _its != _char:
        SPELLED[_its] = SPELLED.get(_its, "") + _char
