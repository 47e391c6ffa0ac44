"""The tree of categories, each with a line of welcome and a picture of its own."""

from __future__ import annotations

from functools import lru_cache

from catalog.demo.goods import CategoryPlan
from catalog.demo.plan import Art
from catalog.demo.showing import picture, subject

# slug, name, parent, line, art of the tile
TREE: tuple[tuple[str, str, str | None, str, str], ...] = (
    ("posters", "Posters", None, "Large sheets for large walls, framed or flat.", "workshop:cadiz:1:stack"),
    (
        "geometry",
        "Geometry",
        "posters",
        "Circles, blocks and grids that keep their nerve.",
        "tiles:cadiz:8:study",
    ),
    (
        "sea-and-sky",
        "Sea and sky",
        "posters",
        "Moons, waves and harbours, and the line between.",
        "moons:night:5:tide",
    ),
    (
        "line-work",
        "Line work",
        "posters",
        "Drawn with one fine pen and much patience.",
        "ridges:sage:4:range",
    ),
    (
        "land-and-leaf",
        "Land and leaf",
        "posters",
        "Hills to walk in and what grows beside the path.",
        "alps:rosewood:1:dawn",
    ),
    (
        "art-prints",
        "Art prints",
        None,
        "Pigment on cotton, for the wall you look at most.",
        "dunes:dune:2:road",
    ),
    (
        "abstract",
        "Abstract",
        "art-prints",
        "Shape and colour, and nothing to explain.",
        "cutouts:ultramarine:4:dance",
    ),
    ("botanical", "Botanical", "art-prints", "Leaves and stems, pressed in ink.", "blooms:lagoon:2:tulip"),
    (
        "landscape",
        "Landscape",
        "art-prints",
        "Windows for rooms that have too few.",
        "harbour:lagoon:6:regatta",
    ),
    (
        "still-life",
        "Still life",
        "art-prints",
        "Jugs, bowls and fruit, at their own pace.",
        "still:terracotta:4:bouquet",
    ),
    (
        "notebooks",
        "Notebooks",
        None,
        "Sewn to lie flat, and pretty enough to leave out.",
        "tiles:plum:7:study",
    ),
    (
        "dotted",
        "Dotted",
        "notebooks",
        "Faint dots for lists, plans and small drawings.",
        "waves:lagoon:5:sea",
    ),
    (
        "lined",
        "Lined",
        "notebooks",
        "Grey lines, cream paper, room for long thoughts.",
        "weave:plum:5:blanket",
    ),
    (
        "sketchbooks",
        "Sketchbooks",
        "notebooks",
        "Heavy blank pages that take wash and eraser.",
        "cutouts:rosewood:2:algae",
    ),
    ("cards", "Cards", None, "Thick cotton card, for news worth a stamp.", "suns:night:1:trio"),
    (
        "greeting-sets",
        "Greeting sets",
        "cards",
        "Folded, blank inside, each with its envelope.",
        "blooms:rosewood:4:tulip",
    ),
    ("postcards", "Postcards", "cards", "Room for two good sentences.", "harbour:citrus:5:quay"),
    (
        "notecards",
        "Notecards",
        "cards",
        "Flat cards for thanks and for the kitchen table.",
        "arches:citrus:5:rainbow",
    ),
    ("books", "Books", None, "Bound in our own shop, to look at slowly.", "botanic:sage:2:fern"),
    ("picture-books", "Picture books", "books", "One plate to a page and few words.", "alps:winter:4:lake"),
    (
        "pattern-books",
        "Pattern books",
        "books",
        "How patterns are made, and many to steal from.",
        "terrazzo:lagoon:4:pebbles",
    ),
)


@lru_cache
def categories() -> tuple[CategoryPlan, ...]:
    """Parents before their children, in the order of the menu."""
    found = []
    for slug, name, parent, line, text in TREE:
        art = Art.parse(text)
        tile = picture("plain", art, "sand", width=2400, height=1920)
        found.append(
            CategoryPlan(slug, name, parent, line, tile, subject(art)[:1].upper() + subject(art)[1:])
        )
    return tuple(found)
