"""The art: families of style, each a function that draws on a sheet from a palette and a seed."""

from __future__ import annotations

from collections.abc import Callable

from catalog.demo.drawing.blocks import terrazzo, tiles, workshop
from catalog.demo.drawing.circles import arches, moons, rings, suns
from catalog.demo.drawing.cuttings import cutouts
from catalog.demo.drawing.land import alps, dunes, harbour, waves
from catalog.demo.drawing.lines import flow, ridges, weave
from catalog.demo.drawing.plants import blooms, botanic
from catalog.demo.drawing.sheet import Sheet
from catalog.demo.drawing.table import citrus, still_life
from catalog.demo.palettes import palette
from catalog.demo.plan import Art

FAMILIES: dict[str, Callable[[Sheet], None]] = {
    "suns": suns,
    "ridges": ridges,
    "tiles": tiles,
    "dunes": dunes,
    "botanic": botanic,
    "blooms": blooms,
    "workshop": workshop,
    "arches": arches,
    "flow": flow,
    "moons": moons,
    "cutouts": cutouts,
    "terrazzo": terrazzo,
    "weave": weave,
    "harbour": harbour,
    "waves": waves,
    "still": still_life,
    "citrus": citrus,
    "alps": alps,
    "rings": rings,
}


def compose(art: Art, ratio: float) -> Sheet:
    """Draw the art on a sheet of the given width-to-height ratio."""
    width, height = (1000.0, 1000.0 / ratio) if ratio <= 1 else (1000.0 * ratio, 1000.0)
    sheet = Sheet(width, height, palette(art.palette), art.seed, art.motif)
    FAMILIES[art.family](sheet)
    return sheet
