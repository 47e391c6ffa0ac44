"""Attributes and their values: what can be filtered by, and what can be chosen."""

from __future__ import annotations

from functools import lru_cache

from catalog.demo.goods import AttributePlan, Good, ValuePlan, slugify
from catalog.demo.plan import Art

COLOURS = {
    "Red": "#d9492f",
    "Orange": "#e8853a",
    "Yellow": "#f4bd32",
    "Green": "#4f6f35",
    "Teal": "#1f7a7a",
    "Blue": "#2450c8",
    "Navy": "#14203a",
    "Violet": "#6f5089",
    "Pink": "#e8a99a",
    "Brown": "#7a4a30",
    "Sand": "#e6d5b5",
    "Grey": "#9aa3a6",
    "Ink": "#221f1b",
}
PALETTE_COLOURS: dict[str, tuple[str, ...]] = {
    "cadiz": ("red", "blue", "yellow"),
    "plum": ("violet", "orange", "pink"),
    "harbour": ("red", "navy", "yellow"),
    "fern": ("green", "yellow"),
    "dune": ("red", "yellow", "navy"),
    "night": ("navy", "yellow", "red"),
    "sage": ("green", "teal", "orange"),
    "hills": ("green", "brown", "yellow"),
    "rosewood": ("red", "pink", "yellow"),
    "lagoon": ("teal", "pink", "orange"),
    "citrus": ("yellow", "orange", "green"),
    "press": ("ink", "red", "grey"),
    "ultramarine": ("blue", "pink"),
    "terracotta": ("brown", "orange", "green"),
    "moss": ("green", "yellow", "sand"),
    "mauve": ("violet", "pink"),
    "ember": ("red", "orange", "brown"),
    "winter": ("blue", "grey", "red"),
}
SIZES = ("30 × 40 cm", "40 × 50 cm", "50 × 70 cm", "70 × 100 cm", "A6", "A5", "A4")
SIZE_SLUGS = {"30": "30x40", "40": "40x50", "50": "50x70", "70": "70x100", "a6": "a6", "a5": "a5", "a4": "a4"}
FRAMES = {
    "No frame": ("none", ""),
    "Oak": ("oak", "#c79a64"),
    "Black": ("black", "#24221f"),
    "White": ("white", "#f6f3ec"),
}
PAPERS = ("Cream, 100 g", "White, 120 g", "Smooth, 160 g", "Cold-pressed, 200 g")
STYLES = {
    "suns": "Geometric",
    "workshop": "Geometric",
    "tiles": "Pattern",
    "arches": "Geometric",
    "rings": "Geometric",
    "ridges": "Line work",
    "flow": "Line work",
    "weave": "Pattern",
    "terrazzo": "Pattern",
    "waves": "Pattern",
    "dunes": "Landscape",
    "alps": "Landscape",
    "harbour": "Landscape",
    "moons": "Landscape",
    "botanic": "Botanical",
    "blooms": "Botanical",
    "cutouts": "Cut paper",
    "still": "Still life",
    "citrus": "Still life",
}
THEMES = {
    "suns": "Sea",
    "waves": "Sea",
    "harbour": "Sea",
    "moons": "Night",
    "ridges": "Mountains",
    "alps": "Mountains",
    "dunes": "Open country",
    "botanic": "Garden",
    "blooms": "Garden",
    "cutouts": "Garden",
    "still": "Kitchen",
    "citrus": "Kitchen",
    "workshop": "Workshop",
    "tiles": "Workshop",
    "arches": "Workshop",
    "rings": "Workshop",
    "terrazzo": "City",
    "weave": "Home",
    "flow": "Weather",
}


def _plain(labels: tuple[str, ...] | list[str]) -> tuple[ValuePlan, ...]:
    return tuple(ValuePlan(label, slugify(label).removesuffix("-cm")) for label in labels)


@lru_cache
def attributes() -> tuple[AttributePlan, ...]:
    """Every attribute with every value, in the order in which filters and choices list them."""
    swatches = tuple(ValuePlan(label, slugify(label), swatch) for label, swatch in COLOURS.items())
    frames = tuple(ValuePlan(label, slug, swatch) for label, (slug, swatch) in FRAMES.items())
    return (
        AttributePlan("colour", "Colour", "swatch", True, swatches),
        AttributePlan("size", "Size", "choice", True, _plain(SIZES)),
        AttributePlan("frame", "Frame", "swatch", True, frames),
        AttributePlan("style", "Style", "choice", True, _plain(sorted(set(STYLES.values())))),
        AttributePlan("theme", "Theme", "choice", True, _plain(sorted(set(THEMES.values())))),
        AttributePlan("ruling", "Ruling", "choice", True, _plain(["Dotted", "Lined", "Blank"])),
        AttributePlan("paper", "Paper", "choice", False, _plain(PAPERS)),
        AttributePlan(
            "set", "Set of", "choice", True, tuple(ValuePlan(f"{n} cards", str(n)) for n in (4, 8, 12))
        ),
        AttributePlan("binding", "Binding", "choice", True, _plain(["Softcover", "Hardback"])),
        AttributePlan(
            "pages", "Pages", "choice", False, _plain([f"{n} pages" for n in (64, 96, 128, 144, 160, 192)])
        ),
        AttributePlan("orientation", "Orientation", "choice", True, _plain(["Portrait", "Landscape"])),
    )


def attribute(code: str) -> AttributePlan:
    return next(one for one in attributes() if one.code == code)


def label(code: str, slug: str) -> str:
    return attribute(code).value(slug).label


def colours(art: Art) -> tuple[str, ...]:
    found = PALETTE_COLOURS[art.palette]
    return found if art.family != "ridges" or "navy" in found else ("ink", *found[:1])


def of(good: Good) -> tuple[tuple[str, str], ...]:
    """What is true of a product whichever variant is chosen."""
    found = [("colour", colour) for colour in colours(good.art)]
    found.append(("style", slugify(STYLES[good.art.family])))
    night = good.art.palette in ("night", "ember", "moss") and good.art.family != "workshop"
    found.append(("theme", "night" if night else slugify(THEMES[good.art.family])))
    if good.kind == "Print" or good.kind == "Card set":
        upright = good.kind == "Print" or "upright" in good.marks
        found.append(("orientation", "portrait" if upright else "landscape"))
    if good.kind == "Notebook":
        ruling = {"dotted": "dotted", "lined": "lined", "sketchbooks": "blank"}[good.leaf]
        found += [
            ("ruling", ruling),
            ("pages", "96-pages" if ruling == "blank" else ("144-pages", "192-pages")[good.place % 2]),
        ]
    if good.kind == "Book":
        found.append(("pages", ("64-pages", "96-pages", "128-pages", "160-pages")[good.place % 4]))
    return tuple(found)
