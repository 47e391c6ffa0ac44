"""Cards say what the products say, per market."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from catalog import cards
from catalog.models import Card, Category, Listing, Price, Product, Stock, TaxRate, Variant
from catalog.queries import categories
from shop import markets
from shop.changes.models import Change
from shop.outbox.models import Message
from tests.factories import (
    add_variant,
    follow_changes,
    make_category,
    make_image,
    make_product,
    make_review,
    make_tax_class,
    make_value,
)

pytestmark = pytest.mark.django_db


def card(product: Product, market: str = "eu") -> Card:
    return Card.objects.get(product_id=product.pk, market=market)


def test_a_product_has_a_card_in_every_market_that_it_has_a_price_in():
    both, euro_only = make_product("Both"), make_product("Euro only", gbp=None)
    follow_changes()
    assert {c.market for c in Card.objects.filter(product_id=both.pk)} == {"eu", "gb"}
    assert {c.market for c in Card.objects.filter(product_id=euro_only.pk)} == {"eu"}


def test_the_card_tells_the_cheapest_variant_in_stock():
    product = make_product(
        price=["20.00", "38.00", "95.00"],
        stock=[0, 5, 5],
        options={"size": ["A5", "30 × 40 cm", "70 × 100 cm"]},
    )
    follow_changes()
    found = card(product)
    assert (found.price, found.detail, found.is_from) == (Decimal("38.00"), "30 × 40 cm", True)


def test_one_price_is_not_a_price_from():
    product = make_product(price="38.00", options={"frame": ["oak", "black"]})
    follow_changes()
    assert card(product).is_from is False


def test_a_product_that_is_sold_out_keeps_its_card_and_says_so():
    product = make_product(price=["20.00", "38.00"], stock=0, options={"size": ["A5", "A4"]})
    follow_changes()
    assert (card(product).availability, card(product).price) == ("out", Decimal("20.00"))


def test_the_best_of_the_variants_is_the_availability():
    product = make_product(stock=[0, 2], options={"size": ["A5", "A4"]})
    follow_changes()
    assert card(product).availability == "low"


def test_a_sale_shows_the_list_price_and_the_discount_rounded_down():
    product = make_product(price="30.00")
    Price.objects.filter(variant__product=product, currency="EUR").update(sale_amount=Decimal("20.10"))
    follow_changes()
    found = card(product)
    assert (found.price, found.list_price, found.discount) == (Decimal("20.10"), Decimal("30.00"), 33)
    assert card(product, "gb").list_price is None


def test_net_prices_are_shown_with_the_tax_of_the_markets_country():
    product = make_product(price=None, tax="standard")
    Variant.objects.filter(product=product).delete()
    add_variant(product, price="10.00", gbp="10.00", includes_tax=False)
    follow_changes()
    assert (card(product).price, card(product, "gb").price) == (Decimal("11.90"), Decimal("12.00"))
    TaxRate.objects.filter(country="DE").update(rate=Decimal("0.07"))
    follow_changes()
    assert card(product).price == Decimal("10.70")


def test_a_market_that_shows_prices_without_tax_takes_it_off(settings):
    settings.MARKETS = (markets.Market("biz", "Trade", "", "de", "EUR", "DE", tax_shown=False),)
    product = make_product(price="11.90")
    follow_changes()
    assert card(product, "biz").price == Decimal("10.00")


def test_the_categories_are_all_above_it_and_none_that_is_hidden():
    walls = make_category("Walls")
    posters = make_category("Posters", parent=walls)
    hidden = make_category("Hidden", is_published=False)
    below = make_category("Below", parent=hidden)
    product = make_product(category=[posters, below])
    follow_changes()
    assert set(card(product).categories) == {walls.pk, posters.pk}
    walls.refresh_from_db()
    walls.is_published = False
    walls.save()
    follow_changes()
    assert card(product).categories == []


def test_a_product_may_stand_in_hundreds_of_categories():
    """They are counted in an index, whose rows have a limit."""
    make_product("Everywhere", gbp=None)
    follow_changes()
    ids = list(range(10**6, 10**6 + cards.SHELVES))
    Card.objects.update(categories=ids)
    assert categories.goods(markets.default()) == dict.fromkeys(ids, 1)


def test_of_too_many_categories_the_card_keeps_the_first(monkeypatch):
    monkeypatch.setattr(cards, "SHELVES", 2)
    top = make_category("Walls")
    product = make_product(category=make_category("Small", parent=make_category("Posters", parent=top)))
    follow_changes()
    assert len(card(product).categories) == 2


def test_a_category_that_moves_takes_its_products_along():
    walls, tables = make_category("Walls"), make_category("Tables")
    posters = make_category("Posters", parent=walls)
    small = make_category("Small", parent=posters)
    product = make_product(category=small)
    follow_changes()
    assert set(card(product).categories) == {walls.pk, posters.pk, small.pk}
    posters.refresh_from_db()
    tables.refresh_from_db()
    Category.objects.move(posters, tables, "first-child")
    follow_changes()
    assert set(card(product).categories) == {tables.pk, posters.pk, small.pk}


def test_the_values_are_the_products_and_those_of_variants_that_can_be_had():
    product = make_product(stock=[3, 0], options={"size": ["A5", "A4"]}, values={"colour": ["blue", "sand"]})
    add_variant(product, is_active=False)
    follow_changes()
    assert set(card(product).values) == {
        make_value(*pair).pk for pair in (("size", "A5"), ("colour", "blue"), ("colour", "sand"))
    }


def test_the_picture_is_the_first_that_is_ready():
    product = make_product()
    make_image(product, ready=False, position=0)
    ready = make_image(product, position=1, alt="On a wall")
    follow_changes()
    assert card(product).picture == ready.picture
    assert card(product).picture["alt"] == "On a wall"


def test_the_card_knows_a_photograph_before_white():
    product = make_product()
    photograph = make_image(product, renditions={"src": "/media/a.jpg", "mat": "sage", "white": "most"})
    follow_changes()
    assert card(product).picture == photograph.picture
    assert photograph.picture["white"] == "most"


def test_a_product_without_pictures_has_a_place_for_one():
    product = make_product("Bare")
    follow_changes()
    picture = card(product).picture
    assert (picture["src"], picture["alt"], picture["srcset"]) == (None, "Bare", {})


def test_the_stars_count_what_is_published():
    product = make_product()
    for stars in (5, 4, 4):
        make_review(product, stars)
    make_review(product, 1, is_published=False)
    follow_changes()
    found = card(product)
    assert (found.rating, found.rating_count, found.histogram) == (Decimal("4.33"), 3, [0, 0, 0, 2, 1])


def test_a_card_is_found_by_name_number_value_category_and_text():
    make_product(
        "Autumn hills",
        sku="HILL",
        kind="Print",
        series="Landscapes",
        category="Posters",
        values={"colour": "Ochre"},
        summary="Misty mornings",
        description="<p>Printed in <em>Leipzig</em></p>",
    )
    follow_changes()
    for word in ("hill", "HILL-1", "prints", "landscape", "poster", "ochre", "morning", "Leipzig"):
        assert Card.objects.filter(market="eu", search=word).exists(), word
    assert not Card.objects.filter(search="em").exists()


def test_an_unpublished_product_loses_its_cards():
    product = make_product()
    follow_changes()
    Product.objects.filter(pk=product.pk).update(is_published=False)
    follow_changes()
    assert not Card.objects.exists()


def test_a_deleted_product_leaves_no_orphan():
    product = make_product()
    follow_changes()
    product.delete()
    follow_changes()
    assert not Card.objects.exists()


def test_a_market_that_is_closed_keeps_no_card(settings):
    product = make_product()
    follow_changes()
    settings.MARKETS = settings.MARKETS[:1]
    cards.rebuild([product.pk])
    assert {c.market for c in Card.objects.all()} == {"eu"}


def test_a_product_to_be_published_later_waits_for_its_job():
    moment = timezone.now() + timedelta(days=1)
    product = make_product(published_at=moment)
    follow_changes()
    assert not Card.objects.exists()
    message = Message.objects.get(job="catalog.rebuild_cards", due_at=moment)
    assert message.args == [[product.pk]]


def test_what_is_new_is_new_until_a_job_looks_again(settings):
    fresh, old = make_product("Fresh"), make_product("Old", published_at=timezone.now() - timedelta(days=60))
    follow_changes()
    assert (card(fresh).is_new, card(old).is_new) == (True, False)
    message = Message.objects.get(job="catalog.rebuild_cards")
    assert message.args == [[fresh.pk]]
    assert timedelta(0) < message.due_at - fresh.created_at - timedelta(days=settings.NEW_FOR_DAYS)
    assert message.due_at - fresh.created_at - timedelta(days=settings.NEW_FOR_DAYS) <= timedelta(hours=1)


def test_rebuilding_what_has_not_changed_writes_nothing():
    products = [make_product(f"No {n}", options={"size": ["A5", "A4"]}) for n in range(3)]
    make_image(products[0])
    make_review(products[1])
    follow_changes()
    before = Change.objects.count()
    cards.rebuild(product.pk for product in products)
    assert Change.objects.count() == before


def test_a_rebuild_asks_the_same_number_of_times_however_many_products(django_assert_num_queries):
    for number in range(5):
        make_product(f"No {number}", options={"size": ["A5", "A4"]}, category="Posters")
    ids = list(Product.objects.values_list("pk", flat=True))
    with django_assert_num_queries(4):  # savepoint, locks, one statement for all markets, release
        cards.rebuild(ids)


def test_cards_of_a_market_that_is_gone_are_deleted(settings):
    product = make_product()
    follow_changes()
    settings.MARKETS = settings.MARKETS[:1]
    cards.rebuild([product.pk])
    assert [c.market for c in Card.objects.filter(product_id=product.pk)] == ["eu"]


def test_listing_and_stock_changes_reach_the_card_by_themselves():
    product = make_product(stock=10)
    follow_changes()
    place = make_category("Gifts")
    Listing.objects.create(product=product, category=place)
    Stock.objects.filter(variant__product=product).update(on_hand=0)
    follow_changes()
    assert (card(product).availability, card(product).categories) == ("out", [place.pk])


def test_a_tax_class_of_another_rate_in_another_country():
    books = make_tax_class("reduced")
    product = make_product(price=None, tax=books)
    Variant.objects.filter(product=product).delete()
    add_variant(product, price="10.00", gbp="10.00", includes_tax=False)
    follow_changes()
    assert (card(product).price, card(product, "gb").price) == (Decimal("10.70"), Decimal("10.00"))
