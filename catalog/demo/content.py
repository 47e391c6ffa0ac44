"""The home page's blocks and the shop's own pages."""

from __future__ import annotations

from catalog.demo.goods import WORDING, BlockPlan, LinkPlan, PagePlan
from catalog.demo.plan import Art
from catalog.demo.showing import picture

NEW_ON_THE_WALL = (
    "two-suns-over-cadiz",
    "contour-no-4",
    "tile-study-plum",
    "dune-road",
    "fern-pressed",
    "workshop",
    "night-ferry",
    "contour-no-9",
)
SMALL_PLEASURES = ("sliced-citrus", "tile-book", "fruit-mostly-citrus", "tulips-with-love")


def blocks() -> tuple[BlockPlan, ...]:
    """The home page from top to bottom."""
    return (
        BlockPlan(
            kind="hero",
            eyebrow="The autumn wall",
            title="Paper worth keeping.",
            text="Posters, notebooks and cards drawn by code, printed on 200 g cotton paper, "
            "packed flat and sent the next day.",
            picture=picture(
                "hero",
                Art.parse("suns:cadiz:1:trio"),
                "sand",
                second="ridges:sage:4:range",
                third="botanic:fern:2:fern",
            ),
            picture_alt="Three framed prints on a wall above a low bench: "
            "overlapping suns, contour lines and a fern",
            links=(
                LinkPlan("See the new prints", "category:posters", "sort=new", True),
                LinkPlan("Find a gift", "category:cards"),
            ),
        ),
        BlockPlan(kind="range", categories=("posters", "art-prints", "notebooks", "cards", "books")),
        BlockPlan(
            kind="cards",
            title="New on the wall",
            products=NEW_ON_THE_WALL,
            links=(LinkPlan("All posters", "category:posters"),),
        ),
        BlockPlan(
            kind="story",
            eyebrow="How it is made",
            title="One press, nine inks, no hurry.",
            text="Every sheet is checked by eye before it leaves. If a corner arrives bent "
            "we print it again and you keep both.",
            picture=picture("plain", Art.parse("tiles:cadiz:1:frieze"), "sand", width=2400, height=1120),
            picture_alt="A study of geometric tiles in red, blue, yellow and black",
            facts=(("200 g", "cotton, mould-made"), ("9", "pigment inks"), ("24 h", "from order to post")),
        ),
        BlockPlan(
            kind="cards",
            title="Small pleasures, to give or keep",
            products=SMALL_PLEASURES,
            links=(LinkPlan("All cards", "category:cards"),),
        ),
    )


# slug, title, group in the footer, line for search engines and result lists
PAGES = (
    ("delivery", "Delivery", "help", "What delivery costs, how long it takes, and how your paper is packed."),
    (
        "returns",
        "Returns",
        "help",
        "Thirty days to change your mind, and what to do when something arrives bent.",
    ),
    ("contact", "Contact", "help", "How to reach the people at the press."),
    ("imprint", "Imprint", "legal", "Who is behind Deckle: a demonstration shop in which nothing is sold."),
    ("terms", "Terms", "legal", "The rules of the shop, and how it keeps to the accessibility requirements."),
    ("privacy", "Privacy", "legal", "Which data the shop keeps, why, and for how long."),
)


def pages() -> tuple[PagePlan, ...]:
    """Help and legal pages; their text lies in wording/pages."""
    return tuple(
        PagePlan(
            slug, title, group, line, (WORDING / "pages" / f"{slug}.html").read_text(encoding="utf-8").strip()
        )
        for slug, title, group, line in PAGES
    )
