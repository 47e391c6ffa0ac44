"""The demo's plan: enough goods, all of a piece, and drawn the same every time. Needs no database."""

import hashlib
from collections import Counter
from itertools import pairwise

import pytest

from catalog.demo import Art, PicturePlan, draw
from catalog.demo.catalogue import attributes, blocks, categories, pages, products
from catalog.demo.drawing import FAMILIES
from catalog.demo.palettes import PALETTES
from catalog.demo.picture import SCENES
from catalog.demo.scenes.surface import Canvas
from catalog.demo.showing import MATS
from catalog.models import Mat

PRODUCTS = products()
DECLARED = {(attribute.code, value.slug) for attribute in attributes() for value in attribute.values}
OF_SCENE = {placement.plan.scene: placement.plan for product in PRODUCTS for placement in product.pictures}


def test_there_is_enough_to_browse():
    assert len(PRODUCTS) >= 120
    assert len(categories()) >= 12
    assert len({product.art.family for product in PRODUCTS}) >= 8
    assert len(PALETTES) >= 10
    for category in categories():
        assert any(category.slug in product.categories for product in PRODUCTS), category.slug


def test_categories_come_parents_first():
    seen = set()
    for category in categories():
        assert category.parent is None or category.parent in seen
        seen.add(category.slug)
    assert len(seen) == len(categories())
    parents = {category.slug: category.parent for category in categories()}
    for product in PRODUCTS:
        leaf, *above = product.categories
        assert above == [parents[leaf]], product.slug


def test_slugs_and_skus_are_unique():
    skus = [variant.sku for product in PRODUCTS for variant in product.variants]
    assert len(set(skus)) == len(skus)
    assert len({product.slug for product in PRODUCTS}) == len(PRODUCTS)
    assert len({product.name for product in PRODUCTS}) == len(PRODUCTS)


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.slug)
def test_product_holds_together(product):
    assert len(product.pictures) >= 3
    assert any(placement.in_scale for placement in product.pictures)
    assert all(len(placement.alt) >= 15 for placement in product.pictures)
    assert len({placement.alt for placement in product.pictures}) == len(product.pictures)
    assert set(product.attributes) <= DECLARED
    offered = {pair for variant in product.variants for pair in variant.options.items()}
    assert offered <= DECLARED
    assert all(tuple(variant.options) == product.options for variant in product.variants)
    combinations = [tuple(variant.options.items()) for variant in product.variants]
    assert len(set(combinations)) == len(combinations)
    for placement in product.pictures:
        assert set((placement.shows or {}).items()) <= offered
    assert "!" not in product.summary + product.description
    assert 0 <= product.popularity <= 1000
    slugs = {one.slug for one in PRODUCTS}
    for links in (product.companions, product.alternatives):
        assert len(links) == 4
        assert set(links) <= slugs - {product.slug}


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.slug)
def test_prices_make_sense(product):
    for variant in product.variants:
        assert 5 <= variant.price_gbp < variant.price_eur <= 200
        assert variant.stock >= 0
        assert (variant.sale_eur is None) == (variant.sale_gbp is None)
        if variant.sale_eur is not None:
            assert 0.5 * variant.price_eur < variant.sale_eur < variant.price_eur
            assert 0.5 * variant.price_gbp < variant.sale_gbp < variant.price_gbp
    assert product.variants[0].price_eur == min(variant.price_eur for variant in product.variants)


def test_stock_and_sales_are_mixed():
    totals = Counter(min(sum(variant.stock for variant in product.variants), 4) for product in PRODUCTS)
    assert totals[0] >= 2
    assert totals[3] >= 3
    assert totals[4] >= 100
    on_sale = sum(product.variants[0].sale_eur is not None for product in PRODUCTS)
    assert 0.1 <= on_sale / len(PRODUCTS) <= 0.2
    assert sum(product.published_days_ago < 14 for product in PRODUCTS) >= 8


def test_reviews_are_believable():
    ratings = Counter(review.rating for product in PRODUCTS for review in product.reviews)
    assert set(ratings) == {3, 4, 5}
    assert ratings[5] > ratings[4] > ratings[3]
    assert max(len(product.reviews) for product in PRODUCTS) <= 31
    for product in PRODUCTS:
        assert len({review.body for review in product.reviews}) == len(product.reviews)
        assert len({review.name for review in product.reviews}) == len(product.reviews)


@pytest.mark.parametrize("category", categories(), ids=lambda category: category.slug)
def test_neighbours_differ(category):
    shelf = [product for product in PRODUCTS if category.slug in product.categories]
    for left, right in pairwise(shelf):
        assert left.art.family != right.art.family, (left.name, right.name)
    if category.parent is None:
        assert shelf == sorted(shelf, key=lambda product: -product.popularity)


def test_front_page_points_at_what_exists():
    slugs, tree = {product.slug for product in PRODUCTS}, {category.slug for category in categories()}
    for block in blocks():
        assert set(block.products) <= slugs
        assert set(block.categories) <= tree
        for link in block.links:
            kind, slug = link.target.split(":")
            assert slug in {"category": tree, "product": slugs}[kind]
    assert [page.slug for page in pages()] == [
        "delivery",
        "returns",
        "contact",
        "imprint",
        "terms",
        "privacy",
    ]
    assert all(len(page.html) > 400 and "<h1" not in page.html for page in pages())


def test_plans_travel_as_json():
    for product in PRODUCTS:
        for placement in product.pictures:
            plan = placement.plan
            assert PicturePlan.from_json(plan.to_json()) == plan
            assert plan.scene in SCENES
            assert plan.mat in Mat.values
    assert set(MATS) == set(Mat.values)
    assert str(Art.parse("suns:cadiz:1:trio")) == "suns:cadiz:1:trio"


@pytest.mark.parametrize("scene", sorted(OF_SCENE))
def test_scene_draws_the_same_twice(scene):
    first, second = draw(OF_SCENE[scene], 200), draw(OF_SCENE[scene], 200)
    assert first.size == (160, 200)
    assert hashlib.sha256(first.tobytes()).digest() == hashlib.sha256(second.tobytes()).digest()


@pytest.mark.parametrize("scene", sorted(OF_SCENE))
def test_goods_bring_no_ground_of_their_own(scene):
    picture = draw(OF_SCENE[scene], 200)
    corner = picture.getpixel((picture.width - 2, picture.height // 12 if scene != "detail" else 195))
    assert picture.mode == "RGBA"
    assert corner[3] < 100, "the mat shines through: plain, or stained as a desk"


@pytest.mark.parametrize("scene", ["framed", "sheet", "notebook", "cards", "book"])
def test_a_shadow_is_black_so_that_dark_mats_take_it_too(scene):
    picture = draw(OF_SCENE[scene], 400)
    shadows = [
        (red, green, blue)
        for _count, (red, green, blue, alpha) in picture.getcolors(400 * 400)
        if 4 < alpha < 40
    ]
    assert len(shadows) > 3
    dark = [colour for colour in shadows if max(colour) < 60]
    assert len(dark) > 0.8 * len(shadows), "the others are edges"


def test_the_light_of_what_is_laid_over_nothing_is_its_own():
    """Half a veil of grey on nothing is grey at half strength, and one over the other adds up."""
    canvas = Canvas(10, 10, 1)
    canvas.veil(0, 0, 10, 10, "#808080", 0.5)
    assert canvas.finished().getpixel((5, 5)) == pytest.approx((128, 128, 128, 128), abs=2)
    canvas.veil(0, 0, 10, 10, "#808080", 0.5)
    assert canvas.finished().getpixel((5, 5)) == pytest.approx((128, 128, 128, 192), abs=2)


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_family_draws_upright_and_wide(family):
    for width, height in ((160, 200), (200, 120)):
        options = (("height", height * 12), ("width", width * 12))
        image = draw(PicturePlan("plain", family, "cadiz", 1, options=options), 200)
        assert image.size == (width, height)
        assert len(image.getcolors(width * height) or ()) > 20
