"""Cuts the shop's fonts to what its pages write, and computes fallbacks that take the same room."""

from importlib.resources import files
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

# Latin-1, Latin Extended-A, typographic punctuation, currencies, arrows, and the signs of prices and sizes.
UNICODES = [
    *range(0x20, 0x7F),
    *range(0xA0, 0x180),
    *(0x218, 0x219, 0x21A, 0x21B, 0x2C6, 0x2C7, 0x2DA, 0x2DC),
    *range(0x2010, 0x2016),
    *range(0x2018, 0x201F),
    *(0x2020, 0x2021, 0x2022, 0x2026, 0x2030, 0x2032, 0x2033, 0x2039, 0x203A, 0x2044),
    *(
        0x20AC,
        0x2116,
        0x2122,
        0x2190,
        0x2191,
        0x2192,
        0x2193,
        0x2197,
        0x2212,
        0x2215,
        0x2248,
        0x2260,
        0x2264,
        0x2265,
    ),
]
FEATURES = ["kern", "liga", "locl", "ccmp", "mark", "tnum", "lnum", "pnum", "case"]

# name of the cut, package, file in it, family, weight. "Source" is a reserved font name, so a cut is renamed.
CUTS = [
    ("deckle-sans-400", "font_hanken_grotesk", "HankenGrotesk-Regular.otf", "Deckle Sans", 400),
    ("deckle-sans-500", "font_hanken_grotesk", "HankenGrotesk-Medium.otf", "Deckle Sans", 500),
    ("deckle-sans-600", "font_hanken_grotesk", "HankenGrotesk-SemiBold.otf", "Deckle Sans", 600),
    ("deckle-serif-300", "font_source_serif_pro", "SourceSerifPro-Light.otf", "Deckle Serif", 300),
]
# The fallbacks: what to look for on the reader's machine, units per em, and the mean advance in
# those units of English letters and spaces, as the Capsize project publishes them.
FALLBACKS = {
    "Deckle Sans": (("Arial", "Liberation Sans", "Helvetica Neue"), 2048, 904),
    "Deckle Serif": (("Georgia", "Gelasio"), 2048, 913),
}
# How often English uses each letter, in thousandths of a text (with its spaces).
FREQUENCIES = dict(
    zip(
        " etaoinshrdlcumwfgypbvk",
        (183, 102, 75, 65, 62, 57, 57, 53, 50, 50, 33, 33, 23, 22, 20, 20, 17, 16, 15, 14, 13, 8, 6),
        strict=True,
    )
)
FACE = """@font-face {{
  font-family: "{family}";
  src: url("../fonts/{name}.woff2") format("woff2");
  font-weight: {weight};
  font-display: swap;
}}
"""
FALLBACK = """@font-face {{
  font-family: "{family} fallback";
  src: {local};
  size-adjust: {size:.2%};
  ascent-override: {ascent:.2%};
  descent-override: {descent:.2%};
  line-gap-override: {gap:.2%};
}}
"""


def cut(source: Path, family: str, weight: int, target: Path) -> TTFont:
    """Writes the woff2 and returns the font that it holds."""
    font = TTFont(source)
    options = Options()
    options.flavor = "woff2"
    options.layout_features = FEATURES
    options.desubroutinize = True
    options.name_IDs = [0, 1, 2, 4, 6, 13, 14]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=UNICODES)
    subsetter.subset(font)
    for record in font["name"].names:
        if record.nameID in (1, 4, 6):
            record.string = f"{family} {weight}" if record.nameID == 4 else family.replace(" ", "-")
    font.flavor = "woff2"
    font.recalcTimestamp = False  # the same input gives the same bytes
    font.save(target)
    return font


def fallback(font: TTFont, family: str) -> str:
    """The @font-face of a system font scaled to this one's widths and line box."""
    names, units, mean = FALLBACKS[family]
    widths, letters = font["hmtx"], font.getBestCmap()
    total = sum(FREQUENCIES.values())
    own = sum(widths[letters[ord(sign)]][0] * share for sign, share in FREQUENCIES.items()) / total
    em = font["head"].unitsPerEm
    size = (own / em) / (mean / units)
    line = font["hhea"]
    return FALLBACK.format(
        family=family,
        local=", ".join(f'local("{name}")' for name in names),
        size=size,
        ascent=line.ascent / em / size,
        descent=-line.descent / em / size,
        gap=line.lineGap / em / size,
    )


class Command(BaseCommand):
    """Writes static/fonts/*.woff2 and static/css/fonts.css."""

    help = "Cut the fonts again, e.g. after the packages that bring them were updated."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        static = Path(settings.BASE_DIR) / "static"
        rules = ["/* Written by `manage.py build_fonts`: edit that, not this. */\n"]
        described: set[str] = set()
        for name, package, filename, family, weight in CUTS:
            target = static / "fonts" / f"{name}.woff2"
            font = cut(Path(str(files(package))) / "files" / filename, family, weight, target)
            rules.append(FACE.format(family=family, name=name, weight=weight))
            if family not in described:
                rules.append(fallback(font, family))
                described.add(family)
            self.stdout.write(f"{target.name}: {target.stat().st_size / 1000:.1f} kB")
        (static / "css" / "fonts.css").write_text("\n".join(rules))
