"""Another merchant's export from Magento: what its columns mean here."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import time_machine
from django.test import Client

from catalog import stock
from catalog.models import (
    Attribute,
    AttributeValue,
    Card,
    Category,
    Price,
    Product,
    ProductLink,
    ProductValue,
    Review,
    Sale,
    Stock,
    TaxRate,
    Variant,
)
from shop.changes.models import Change
from tests.catalog.magento import HEADER, child, file, good, load, parent, problems, text
from tests.factories import follow_changes, make_category, make_review, make_tax_class, make_value

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _taxes() -> None:
    make_tax_class()


def test_columns_may_stand_in_any_order_and_case_beside_unknown_ones(tmp_path: Path) -> None:
    header = [column.upper() for column in reversed(HEADER)] + ["Their own"]
    row = {**{column.upper(): cell for column, cell in good("A").items()}, "Their own": "x"}
    path = tmp_path / "export.csv"
    path.write_text(text([row], header, ";"))
    load(path)
    assert Variant.objects.get().sku == "A"


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        *(("12.50", "12.50"), ("12,50", "12.50"), ("52.0000", "52.00"), ("1.299,90", "1299.90")),
        *(("1,299.90", "1299.90"), ("1 299,90", "1299.90"), ("10.0850", "10.09"), ("0", "0.00")),
    ],
)
def test_prices_are_read_with_either_mark(tmp_path: Path, written: str, amount: str) -> None:
    load(file(tmp_path, good("A", price=written)))
    assert Price.objects.get().amount == Decimal(amount)


def test_variants_are_told_apart_by_what_the_configurable_says(tmp_path: Path) -> None:
    rows = [child("A-S", "S"), child("A-M", "M", "Red", price="14"), child("A-L", "L", "Red")]
    load(file(tmp_path, *rows, parent("A", *rows)))
    product = Product.objects.get()
    assert [
        [option.value.label for option in variant.options.order_by("position")]
        for variant in product.variants.order_by("position")
    ] == [["Black", "S"], ["Red", "M"], ["Red", "L"]]
    assert product.slug == "a"


def test_a_new_size_finds_its_place_between_the_others(tmp_path: Path) -> None:
    rows = [child("A-XL", "XL"), child("A-S", "S")]
    load(file(tmp_path, *rows, parent("A", *rows)))
    rows.append(child("A-M", "M"))
    load(file(tmp_path, *rows, parent("A", *rows)))
    sizes = AttributeValue.objects.filter(attribute__code="size").order_by("position")
    assert list(sizes.values_list("label", flat=True)) == ["S", "M", "XL"]


def test_a_special_price_runs_from_its_first_day_to_the_end_of_its_last(tmp_path: Path) -> None:
    row = good(
        "A", special_price="9", special_price_from_date="1/10/26", special_price_to_date="2026-01-20 00:00:00"
    )
    with time_machine.travel(datetime(2026, 1, 15, 12, tzinfo=UTC), tick=False):
        load(file(tmp_path, row))
        Change.objects.all().delete()
        load(file(tmp_path, row))
        assert not Change.objects.exists()
    sale = Sale.objects.get()
    assert (str(sale.starts_at.date()), sale.amount) <= ("2026-01-10", Decimal(9))
    assert sale.ends_at is not None
    assert (sale.ends_at - sale.starts_at).days == 11
    with time_machine.travel(datetime(2026, 2, 1, tzinfo=UTC), tick=False):
        load(file(tmp_path, row))
    assert Sale.objects.count() == 1


def test_a_dated_sale_follows_the_file_and_ends_with_it(tmp_path: Path) -> None:
    dates = {"special_price_from_date": "2026-01-01", "special_price_to_date": "2199-01-01"}
    load(file(tmp_path, good("A", special_price="9", **dates)))
    load(file(tmp_path, good("A", special_price="8", **dates)))
    assert Price.objects.get().sale_amount == Decimal(8)
    load(file(tmp_path, good("A")))
    assert Price.objects.get().sale_amount is None


@pytest.mark.parametrize(
    ("cells", "level"),
    [
        ({"qty": "5.0000"}, (5, True)),
        ({"qty": "5", "manage_stock": "0", "use_config_manage_stock": "1"}, (5, True)),
        ({"qty": "5", "manage_stock": "0", "use_config_manage_stock": "0"}, (0, False)),
        ({"qty": "5", "is_in_stock": "0"}, (0, True)),
        ({"qty": "-3"}, (0, True)),
    ],
)
def test_stock_is_counted_as_magento_would(
    tmp_path: Path, cells: dict[str, str], level: tuple[int, bool]
) -> None:
    load(file(tmp_path, good("A", **cells)))
    held = Stock.objects.get()
    assert (held.on_hand, held.is_tracked) == level


def test_a_known_variants_stock_is_the_shops_own(tmp_path: Path) -> None:
    path = file(tmp_path, good("A"))
    load(path)
    pk = Variant.objects.get().pk
    stock.reserve({pk: 2})
    stock.ship({pk: 2})
    assert "1 unchanged" in load(path)
    assert Stock.objects.get().on_hand == 3
    load(path, recount=True)
    assert Stock.objects.get().on_hand == 5


def test_what_is_off_line_waits_unpublished_and_a_variant_off_line_is_not_sold(tmp_path: Path) -> None:
    rows = [child("A-S", "S"), child("A-M", "M", product_online="2")]
    load(file(tmp_path, good("OFF", product_online="2"), *rows, parent("A", *rows)))
    assert set(Product.objects.filter(is_published=True).values_list("name", flat=True)) == {"Product A"}
    assert dict(Variant.objects.values_list("sku", "is_active")) == {"OFF": False, "A-S": True, "A-M": False}


def test_rows_of_a_store_view_are_named_and_left_out(tmp_path: Path) -> None:
    path = file(tmp_path, good("A"), good("A", store_view_code="de", name="Ware A"))
    assert problems(path, folder=tmp_path, level="warning")[0][0] == 3
    assert Product.objects.get().name == "Product A"


@pytest.mark.parametrize("kind", ["bundle", "grouped", "downloadable", "virtual"])
def test_kinds_that_the_shop_does_not_sell_are_named_and_no_error(tmp_path: Path, kind: str) -> None:
    path = file(tmp_path, good("A"), good("B", product_type=kind, price=""))
    found = problems(path, folder=tmp_path, level="warning")
    assert [(line, kind in reason.lower()) for line, reason in found] == [(3, True)]
    assert Product.objects.get().name == "Product A"


def test_a_product_that_is_only_sold_within_others_waits_until_one_names_it(tmp_path: Path) -> None:
    rows = [child("A-S", "S"), child("A-M", "M")]
    found = problems(file(tmp_path, *rows), folder=tmp_path, level="warning")
    assert [line for line, _reason in found] == [2, 3]
    assert not Product.objects.filter(is_published=True).exists()
    before = set(Variant.objects.values_list("pk", flat=True))
    load(file(tmp_path, *rows, parent("A", *rows)))
    assert [p.external_id for p in Product.objects.all()] == ["magento:A"]
    assert set(Variant.objects.values_list("pk", flat=True)) == before
    load(file(tmp_path, *rows))  # without the configurable's row they stay where they are
    assert set(Variant.objects.values_list("product__external_id", flat=True)) == {"magento:A"}


def test_paths_make_the_tree_below_the_root_that_no_shopper_sees(tmp_path: Path) -> None:
    one = good("A", categories="Default Category/Men,Default Category/Men/Tops,Default Category/Sale")
    load(
        file(tmp_path, one, good("B", categories=r"Default Category/Women/Tops,Default Category/Yin \/ Yang"))
    )
    assert {c.name: c.slug for c in Category.objects.filter(depth=1)} == {
        **{"Men": "men", "Women": "women", "Sale": "sale", "Yin / Yang": "yin-yang"}
    }
    assert {c.slug for c in Category.objects.filter(name="Tops")} == {"tops", "tops-women"}
    listed = Product.objects.get(slug="a").listings.values_list("category__name", flat=True)
    assert set(listed) == {"Tops", "Sale"}  # Men lists it by itself
    count = Category.objects.count()
    load(file(tmp_path, one))
    assert Category.objects.count() == count


def test_a_category_that_the_merchant_has_moved_and_renamed_is_found_by_its_address(tmp_path: Path) -> None:
    make_category("Shop", slug="shop")
    (tmp_path / "categories.csv").write_text("name,url_key,path,active\nTops,men-tops,,1\n")
    file(tmp_path, good("A", categories="Default Category/Tops"))
    load(tmp_path)
    Category.objects.filter(slug="men-tops").update(name="Shirts")
    load(tmp_path)
    assert Category.objects.filter(name="Tops").count() == 0


def test_values_are_facets_if_products_share_them_and_long_texts_are_none(tmp_path: Path) -> None:
    one = "material=Wool|Silk,maker_number=77,story=" + "x" * 200 + ",organic=Yes,note=a, b and c"
    load(
        file(tmp_path, good("A", additional_attributes=one), good("B", additional_attributes="material=wool"))
    )
    facets = dict(Attribute.objects.values_list("name", "is_facet"))
    assert facets == {"Material": True, "Maker Number": False, "Highlights": True, "Note": False}
    labels = ProductValue.objects.filter(product__slug="a").values_list("value__label", flat=True)
    assert set(labels) == {"Wool", "Silk", "77", "Organic", "a, b and c"}


def test_quoted_pairs_may_hold_commas_and_entities(tmp_path: Path) -> None:
    row = good("A", additional_attributes='"material=Silk, washed","closure=&frac12; zip"')
    load(file(tmp_path, row))
    labels = set(ProductValue.objects.values_list("value__label", flat=True))
    assert labels == {"Silk, washed", "½ zip"}


def test_a_colour_meets_the_shops_own_colour_and_a_reserved_name_gives_way(tmp_path: Path) -> None:
    red = make_value("colour", "Red", swatch="#ff0000")
    rows = [child("A-S", "S", "Red"), child("A-M", "M", "Navy")]
    load(file(tmp_path, *rows, parent("A", *rows), good("B", additional_attributes="sort=Fine")))
    assert Variant.objects.get(sku="A-S").options.filter(value=red).exists()
    assert AttributeValue.objects.get(label="Navy").swatch == "#1c2a4d"
    assert AttributeValue.objects.get(label="Fine").attribute.code == "option-sort"


def test_values_follow_the_file_and_those_of_the_merchant_stay(tmp_path: Path) -> None:
    load(file(tmp_path, good("A", additional_attributes="material=Wool")))
    own = make_value("care", "Hand wash")
    ProductValue.objects.create(product=Product.objects.get(), value=own)
    load(file(tmp_path, good("A", additional_attributes="material=Silk")))
    assert set(ProductValue.objects.values_list("value__label", flat=True)) == {"Silk", "Hand wash"}


def test_links_of_rows_and_files_are_made_once(tmp_path: Path) -> None:
    file(tmp_path, good("A", related_skus="B,A,NONE"), good("B"))
    (tmp_path / "related.csv").write_text("sku,linked_sku\nA,B\n")
    (tmp_path / "upsell.csv").write_text("sku,linked_sku\nA,B\n")
    (tmp_path / "copy_of_related.csv").write_text("sku,linked_sku\nA,B\n")
    load(tmp_path)
    load(tmp_path)
    links = ProductLink.objects.values_list("product__slug", "other__slug", "kind")
    assert sorted(links) == [("a", "b", "alternative"), ("a", "b", "companion")]


def test_reviews_come_once_and_the_merchants_word_on_them_counts(tmp_path: Path) -> None:
    file(tmp_path, good("A"))
    table = "sku,rating_code,rating_value,title,review,reviewer\nA,Quality,5,Fine,Good.,Ann\n"
    (tmp_path / "reviews.csv").write_text(table + "A,Price,2,Fine,Good.,Ann\n")
    load(tmp_path)
    make_review(Product.objects.get(), body="Written here.")
    Review.objects.filter(name="Ann").update(is_published=False, body="Good (shortened).")
    load(tmp_path)
    review = Review.objects.exclude(external_id=None).get()
    assert (review.rating, review.is_published, review.body) == (4, False, "Good (shortened).")
    assert Review.objects.count() == 2


def test_a_countrys_tax_rate_is_taken_where_the_shop_has_none(tmp_path: Path) -> None:
    path = tmp_path / "rates.csv"
    path.write_text(
        "Code,Country,State,Zip/Post Code,Rate\nfr,FR,*,*,20.0000\nde,DE,,,7\nus,US,Ohio,*,5\n"
        "ny,US,NY,10001,8.875\nby,DE,Bavaria,*,19\nus,US,NY,*,8.875\n"
    )
    reasons = [reason for _line, reason in problems(path, folder=tmp_path, level="warning")]
    assert dict(TaxRate.objects.values_list("country", "rate"))["FR"] == Decimal("0.2")
    assert TaxRate.objects.get(country="DE").rate == Decimal("0.19")
    assert any("19" in reason for reason in reasons)
    states = TaxRate.objects.filter(country="US").values_list("region", "rate")
    assert dict(states) == {"OH": Decimal("0.05"), "NY": Decimal("0.08875")}
    assert any("NY, 10001" in reason for reason in reasons)
    assert any("Bavaria" in reason for reason in reasons)  # addresses there name no region


def test_a_tax_class_of_the_shop_is_met_by_its_name(tmp_path: Path) -> None:
    books = make_tax_class("reduced")
    load(file(tmp_path, good("A", tax_class_name="Reduced")))
    assert Product.objects.get().tax_class == books


def test_an_imported_variant_is_found_and_shown(tmp_path: Path, client: Client) -> None:
    rows = [child("A-S", "S"), child("A-M", "M", "Red")]
    load(file(tmp_path, *rows, parent("A", *rows, name="Wool &amp; silk shirt")))
    follow_changes()
    assert "Wool &amp; silk shirt" in client.get("/p/a/").content.decode()
    assert "Wool &amp; silk shirt" in client.get("/c/things/").content.decode()


def test_only_what_the_file_calls_new_is_new_and_a_date_counts_before_that(tmp_path: Path) -> None:
    new, old = "new=Yes,material=Wool", "new=No,material=Wool"
    header = (*HEADER, "created_at")
    dated = good("C", additional_attributes=new, created_at="9/28/21, 11:27\u202fAM")
    path = tmp_path / "products.csv"
    rows = [good("A", additional_attributes=new), good("B", additional_attributes=old), dated]
    path.write_text(text(rows, header))
    load(path)
    follow_changes()
    assert dict(Card.objects.filter(market="eu").values_list("slug", "is_new")) == {
        **{"a": True, "b": False, "c": False}
    }
    assert str(Product.objects.get(slug="c").published_at.date()) == "2021-09-28"
    assert not Attribute.objects.filter(name="New").exists()
