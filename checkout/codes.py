"""Codes of vouchers: how people type them, and codes that nobody can mistype or guess."""

import secrets
import unicodedata

MOST = 40  # characters of a code
# Whoever reads a code aloud, or off paper, cannot tell these apart: each pair is one sign.
_ALIKE = str.maketrans({"O": "0", "I": "1", "L": "1"})
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # none of them looks like another
_GROUP, _GROUPS = 5, 2  # 31 ** 10, 49 bits: with a limit on tries nobody finds one


def folded(code: str) -> str:
    """What a code is known by: "spring 26", "SPRING-26" and "spr1ng-26" are one. "" if nothing is left."""
    wide = unicodedata.normalize("NFKC", code[: 4 * MOST]).upper()
    return "".join(sign for sign in wide if sign.isascii() and sign.isalnum()).translate(_ALIKE)[:MOST]


def drawn(prefix: str = "") -> str:
    """A new code by chance: SPRING-7KQ4M-XW9PD."""
    groups = ["".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS)]
    return "-".join([prefix, *groups] if prefix else groups)
