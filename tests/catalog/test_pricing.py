"""What a variant costs: with or without tax, with its sale while that lasts."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from catalog import pricing, taxes
from catalog.models import Card, Image, Price, Product, Sale, Variant
from catalog.pricing import Shown
from shop import markets
from shop.markets import Market
from shop.money import Money
from shop.outbox import drain
from shop.outbox.models import Message
from tests.factories import add_variant, follow_changes, make_image, make_product

TRADE = Market("biz", "Trade", "biz", "en", "EUR", "DE", tax_shown=False)
amounts = st.decimals("0.00", "99999.99", places=2)
rates = st.decimals("0", "0.9999", places=4)


def euro(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


def shown(variant: Variant | None, market: Market) -> Shown:
    """What a variant that is sold there costs."""
    assert variant
    found = pricing.price_of(variant, market)
    assert found
    return found


def price(product: Product) -> Price:
    return Price.objects.get(variant__product=product, currency="EUR")


@pytest.mark.django_db
def test_each_market_shows_the_price_in_its_currency():
    variant = make_product(price="38.00", gbp="33.00").variants.get()
    assert shown(variant, markets.get("eu")).price == euro("38.00")
    assert shown(variant, markets.get("gb")).price == Money(Decimal("33.00"), "GBP")


@pytest.mark.django_db
def test_a_variant_without_a_price_is_not_sold_there():
    variant = make_product(gbp=None).variants.get()
    assert pricing.price_of(variant, markets.get("gb")) is None


@pytest.mark.django_db
def test_a_net_price_is_shown_with_tax_and_a_gross_one_to_the_trade_without():
    product = make_product(price="11.90")
    net = add_variant(product, price="10.00", includes_tax=False)
    assert shown(net, markets.get("eu")).price == euro("11.90")
    assert shown(product.variants.first(), TRADE).price == euro("10.00")
    assert shown(net, TRADE).price == euro("10.00")


@pytest.mark.django_db
def test_a_page_of_many_variants_asks_for_the_rates_once(django_assert_num_queries):
    make_product(options={"size": ["A5", "A4", "A3"]})
    with django_assert_num_queries(3):  # variants, prices, rates
        found = Variant.objects.select_related("product").prefetch_related("prices")
        known = taxes.rates_in("DE")
        assert len([pricing.price_of(variant, markets.get("eu"), known) for variant in found]) == 3


@given(amount=amounts, sale=amounts, rate=rates, includes_tax=st.booleans(), shown=st.booleans())
def test_a_sale_is_never_dearer_and_its_discount_never_overstated(amount, sale, rate, includes_tax, shown):
    market = Market("m", "M", "", "en", "EUR", "DE", tax_shown=shown)
    row = Price(currency="EUR", amount=amount, sale_amount=min(sale, amount), includes_tax=includes_tax)
    found = pricing.shown(row, market, rate)
    assert found.price == found.price.rounded()
    if found.list_price is None:
        assert found.discount is None
    else:
        assert found.price < found.list_price
        off = 1 - found.price.amount / found.list_price.amount
        assert 0 <= (found.discount or 0) <= off * 100 < (found.discount or 0) + 1


@pytest.mark.django_db
@pytest.mark.parametrize("amount", ["0.01", "0.05", "3.33", "10.00", "12.605", "99.99", "1234.56"])
@pytest.mark.parametrize("includes_tax", [True, False])
def test_the_card_says_the_same_as_the_product_page(settings, amount, includes_tax):
    settings.MARKETS = (*settings.MARKETS, TRADE)
    product = make_product()
    product.variants.all().delete()
    variant = add_variant(
        product, price=str(Decimal(amount).quantize(Decimal("0.01"))), includes_tax=includes_tax
    )
    follow_changes()
    Price.objects.filter(amount__gt=1).update(sale_amount=Decimal("0.77"))
    follow_changes()
    for market in markets.all():
        card = Card.objects.get(product_id=product.pk, market=market.code)
        said = shown(Variant.objects.get(pk=variant.pk), market)
        listed = said.list_price and said.list_price.amount
        assert (card.price, card.list_price, card.discount) == (said.price.amount, listed, said.discount)


@pytest.mark.django_db
def test_a_running_sale_lowers_the_price_and_its_end_is_a_due_job():
    product, ends = make_product(price="38.00"), timezone.now() + timedelta(days=2)
    Sale.objects.create(
        price=price(product), amount=Decimal(30), starts_at=timezone.now() - timedelta(days=1), ends_at=ends
    )
    follow_changes()
    assert price(product).sale_amount == Decimal(30)
    assert Card.objects.get(market="eu").list_price == Decimal(38)
    message = Message.objects.get(job="catalog.apply_sales")
    assert (message.args, message.due_at) == ([[price(product).pk]], ends)


@pytest.mark.django_db
def test_a_sale_that_ends_gives_the_price_back():
    product = make_product(price="38.00")
    sale = Sale.objects.create(
        price=price(product), amount=Decimal(30), starts_at=timezone.now() - timedelta(days=1)
    )
    follow_changes()
    Sale.objects.filter(pk=sale.pk).update(ends_at=timezone.now())
    pricing.apply_sales([sale.price_id])
    assert price(product).sale_amount is None


@pytest.mark.django_db
def test_a_sale_to_come_waits_for_its_job_and_asks_for_the_next_one_there():
    product, starts = make_product(price="38.00"), timezone.now() + timedelta(hours=1)
    sale = Sale.objects.create(
        price=price(product), amount=Decimal(30), starts_at=starts, ends_at=starts + timedelta(hours=1)
    )
    follow_changes()
    assert price(product).sale_amount is None
    assert [m.due_at for m in Message.objects.filter(job="catalog.apply_sales")] == [starts]
    ends = timezone.now() + timedelta(hours=3)
    Sale.objects.filter(pk=sale.pk).update(starts_at=timezone.now(), ends_at=ends)
    pricing.apply_sales([sale.price_id])
    assert price(product).sale_amount == Decimal(30)
    assert Message.objects.filter(due_at=ends).exists()


@pytest.mark.django_db
def test_a_deleted_sale_ends():
    product = make_product(price="38.00")
    sale = Sale.objects.create(price=price(product), amount=Decimal(30), starts_at=timezone.now())
    follow_changes()
    sale.delete()
    follow_changes()
    assert price(product).sale_amount is None


@pytest.mark.django_db
def test_sales_that_were_emptied_as_a_whole_end():
    product = make_product(price="38.00")
    Sale.objects.create(price=price(product), amount=Decimal(30), starts_at=timezone.now())
    follow_changes()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE catalog_sale")
    follow_changes()
    assert price(product).sale_amount is None
    assert Card.objects.get(market="eu").list_price is None


@pytest.mark.django_db
def test_a_sale_that_lowers_nothing_is_none_until_the_price_rises():
    product = make_product(price="38.00")
    Sale.objects.create(price=price(product), amount=Decimal(38), starts_at=timezone.now())
    follow_changes()
    assert price(product).sale_amount is None
    Price.objects.filter(pk=price(product).pk).update(amount=Decimal(50))
    follow_changes()
    assert price(product).sale_amount == Decimal(38)


@pytest.mark.django_db
def test_two_sales_of_a_price_never_overlap():
    product, now = make_product(), timezone.now()
    Sale.objects.create(price=price(product), amount=Decimal(30), starts_at=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Sale.objects.create(price=price(product), amount=Decimal(20), starts_at=now + timedelta(days=1))


@pytest.mark.django_db
def test_no_moment_waits_for_pictures_and_a_first_picture_for_no_other():
    """An import leaves thousands to be drawn, for minutes; the first of each product stand in lists."""
    soon = timezone.now() + timedelta(hours=1)
    product, other = make_product(price="38.00"), make_product("Other", published_at=soon)
    Sale.objects.create(price=price(product), amount=Decimal(30), starts_at=soon)
    for item in (product, other):
        for position in range(2):
            make_image(item, position=position, ready=False)
    follow_changes()
    switches = Message.objects.filter(job__in=("catalog.apply_sales", "catalog.rebuild_cards"))
    assert set(switches.values_list("job", "queue")) == {
        ("catalog.apply_sales", "high"),
        ("catalog.rebuild_cards", "high"),
    }
    drawn = [claimed.args[0] for _ in range(4) if (claimed := drain.claim("low"))]
    assert [Image.objects.get(pk=pk).position for pk in drawn] == [0, 0, 1, 1]
