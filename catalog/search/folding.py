"""plain(): a text without its accents, so that who types them and who does not find the same."""

import unicodedata

# What decomposition leaves as it is.
LETTERS = str.maketrans({"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe"})


def plain(text: str) -> str:
    """Without accents: café → cafe."""
    decomposed = unicodedata.normalize("NFKD", text.translate(LETTERS))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


# The same, letter by letter, for SQL's translate(): Latin-1 Supplement and Latin Extended-A.
ACCENTED = "".join(c for c in map(chr, range(0xC0, 0x180)) if len(plain(c)) == 1 and plain(c) != c)
PLAIN = plain(ACCENTED)
