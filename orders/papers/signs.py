"""Which characters the fonts of papers have: one that none has would be refused, or vanish."""

import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from django.conf import settings
from fontTools.ttLib import TTFont

INSTEAD = "▯"
PACKAGES = ("font_hanken_grotesk", "font_source_serif_pro", "manimgx_fonts")
JOINERS = {"\u200c", "\u200d"}  # shape Arabic, Indic scripts and some pictures; fonts know what to do
# Characters without a picture of their own that could reverse or hide what a paper says.
SILENT = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def folders() -> list[Path]:
    """Where the fonts lie: the shop's, Noto for what they lack, and what a merchant has added."""
    return [*(_folder(package) for package in PACKAGES), *(Path(name) for name in settings.INVOICE_FONTS)]


def clean(value: Any) -> Any:
    """The same words, each character that no font has replaced; texts in lists and mappings too."""
    if isinstance(value, str):
        return "".join(_shown(text) for text in unicodedata.normalize("NFC", value))
    if isinstance(value, list):
        return [clean(item) for item in value]
    return {name: clean(item) for name, item in value.items()} if isinstance(value, dict) else value


@cache
def families() -> list[str]:
    """The names of the fonts that stand in, in the order in which they are asked."""
    return list(dict.fromkeys(name for path in _files() if (name := _read(path)[0]) not in _OURS))


_OURS = {"Hanken Grotesk", "Source Serif Pro"}


@cache
def _shown(sign: str) -> str:
    if ord(sign) in _known() or sign in JOINERS:
        return sign
    kind = unicodedata.category(sign)
    if kind in {"Cc", "Zl", "Zp"}:
        return " "
    return "" if kind == "Cf" else INSTEAD


@cache
def _known() -> frozenset[int]:
    every = {code for path in _files() for code in _read(path)[1]}
    return frozenset(code for code in every if unicodedata.category(chr(code)) not in SILENT)


def _files() -> Iterator[Path]:
    for folder in folders():
        yield from sorted(path for path in folder.rglob("*") if path.suffix in {".otf", ".ttf", ".ttc"})


@cache
def _read(path: Path) -> tuple[str, frozenset[int]]:
    """A font's family, and the characters that it has."""
    with TTFont(path, lazy=True, fontNumber=0) as font:  # of a collection the first: they differ in shapes
        name = font["name"].getDebugName(16) or font["name"].getDebugName(1)
        return str(name), frozenset(font.getBestCmap() or ())


def _folder(package: str) -> Path:
    found = Path(str(files(package)))
    return found / "files" if (found / "files").is_dir() else found
