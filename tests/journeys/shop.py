"""A small shop with everything in it that a journey meets."""

from catalog.models import Block, Page, Product
from tests.factories import (
    follow_changes,
    make_category,
    make_delivery,
    make_image,
    make_page,
    make_product,
    make_review,
)


def make_shop() -> Product:
    """Two categories, five products, the home page, the footer's pages and delivery; its first product."""
    make_delivery(["DE", "AT"], free_from="50")
    make_delivery(["GB"], free_from="45")
    posters = make_category("Posters", description="Large sheets for large walls.")
    make_category("Notebooks", description="For the next idea.")
    suns = make_product(
        "Two suns over Cadiz",
        price=["38.00", "67.00", "46.00", "75.00"],
        gbp=["34.00", "59.00", "41.00", "66.00"],
        stock=[10, 10, 2, 0],
        options={"size": ["30 × 40 cm", "40 × 50 cm"], "frame": ["None", "Black"]},
        values={"colour": ["Red", "Blue"]},
        category=posters,
        kind="Print",
        summary="Two suns and the line where the sea begins.",
        description="<p>Printed on cotton paper.</p>",
        popularity=100,
    )
    for position in range(3):
        make_image(suns, position=position, alt=f"Two suns over Cadiz, picture {position + 1}")
    make_review(suns, 5)
    make_review(suns, 4, name="Grace", title="Good paper")
    make_product("Workshop", price="54.00", category=posters, kind="Print", values={"colour": "Red"})
    make_product(
        "Low hills", price="44.00", stock=0, category=posters, kind="Print", values={"colour": "Green"}
    )
    make_product(
        "Dune road", price="14.00", category="Notebooks", kind="Notebook", values={"colour": "Yellow"}
    )
    make_product("Night ferry", price="18.00", stock=2, category="Notebooks", kind="Notebook")
    for group, titles in {
        Page.Group.HELP: ("Delivery", "Returns", "Contact"),
        Page.Group.LEGAL: ("Imprint", "Terms", "Privacy"),
    }.items():
        for title in titles:
            make_page(title, group=group)
    Block.objects.create(
        kind=Block.Kind.HERO,
        position=1,
        eyebrow="The autumn wall",
        title="Paper worth keeping.",
        text="Posters and notebooks.",
        links=[{"label": "See the new prints", "path": "/c/posters/", "primary": True}],
    )
    Block.objects.create(kind=Block.Kind.RANGE, position=2, title="The range")
    Block.objects.create(
        kind=Block.Kind.CARDS, position=3, title="New on the wall", goods={"sort": "new", "count": 4}
    )
    follow_changes()
    return suns
