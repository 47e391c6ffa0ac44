"""What stands in Magento's cells, as merchants and spreadsheets write it: read rightly, or refused."""

import time
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from catalog.importing.magento import read
from catalog.models import Attribute, Category, Price, Product, ProductValue, Sale, Stock, Variant
from tests.catalog.magento import HEADER, child, file, good, load, parent, problems, text
from tests.factories import make_category, make_tax_class, make_value

BROKEN = ("<a {{", "<a {{x}}>", "<img {{", "{{", '<a {{store url="')
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _taxes() -> None:
    make_tax_class()


def listed(sku: str) -> set[str]:
    """The paths that the product stands in."""
    names = {category.path: category.name for category in Category.objects.all()}
    rows = Product.objects.get(external_id=f"magento:{sku}").listings.values_list("category__path", flat=True)
    step = Category.steplen
    return {"/".join(names[path[:n]] for n in range(step, len(path) + 1, step)) for path in rows}


def test_no_price_is_a_thousand_times_too_high(tmp_path: Path) -> None:
    written = {"0.125": "0.13", "0,990": "0.99", "00.999": "1.00", "1,299.000": "1299.00"}
    written |= {"1,299,000": "1299000.00", "1299.000": "1299.00", "1’299.90": "1299.90"}
    rows = [good(f"P{n}", price=price) for n, price in enumerate(written)]
    load(file(tmp_path, *rows, good("S", price="10.5", special_price="0.900")))
    found = dict(Price.objects.values_list("variant__sku", "amount"))
    assert [found[f"P{n}"] for n in range(len(written))] == [Decimal(amount) for amount in written.values()]
    assert Price.objects.get(variant__sku="S").sale_amount == Decimal("0.90")


@pytest.mark.parametrize("price", ["1.299,000.00", "0,125.00", "1.234", "12,34,56"])
def test_a_price_that_may_be_another_is_refused(tmp_path: Path, price: str) -> None:
    assert [line for line, _reason in problems(file(tmp_path, good("A", price=price)), folder=tmp_path)] == [
        2
    ]


def test_quantities_are_read_as_prices_are(tmp_path: Path) -> None:
    rows = [good("A", qty="1,000.0000"), good("B", qty="2,5"), good("C", qty="1,000"), good("D", qty="2.500")]
    found = problems(file(tmp_path, *rows), folder=tmp_path)
    assert [(line, "thousands or fractions" in reason) for line, reason in found] == [(4, True), (5, True)]
    assert dict(Stock.objects.values_list("variant__sku", "on_hand")) == {"A": 1000, "B": 2}


def test_a_price_of_nothing_is_named_and_a_special_one_is_none(tmp_path: Path) -> None:
    said = load(file(tmp_path, good("A", price="0"), good("B", special_price="0.0000")))
    assert "2 rows have a price of 0" in said
    assert Price.objects.get(variant__sku="B").sale_amount is None
    assert not Sale.objects.exists()


def test_a_refused_configurable_takes_its_variants_with_it_and_says_so_once(tmp_path: Path) -> None:
    rows = [child("A-S", "S"), child("A-M", "M")]
    torn = parent("B", child("B-S", "S"), description="x" * 600_000)
    path = file(tmp_path, *rows, parent("A", *rows, name=""), child("B-S", "S"), torn)
    found = problems(path, folder=tmp_path)
    assert sorted(line for line, _reason in found) == [4, 6]
    assert any("no name" in reason for _line, reason in found)
    with pytest.raises(Exception, match="2 errors"):
        load(path, errors=tmp_path / "all.table")
    told = (tmp_path / "all.table").read_text()
    assert "2 variants were left out with their product" in told
    assert "1 variant was left out with its product" in told
    assert not Product.objects.exists()


def test_an_enclosure_holds_commas_and_pairs_and_inches_stay(tmp_path: Path) -> None:
    cell = 'care="Wash, temp=30",screen_size=15",fit="Slim"|"Long, ""tall""",note="Soft" touch'
    load(file(tmp_path, good("A", additional_attributes=cell)))
    found = set(ProductValue.objects.values_list("value__attribute__code", "value__label"))
    assert found == {
        *(("care", "Wash, temp=30"), ("screen-size", '15"'), ("note", '"Soft" touch')),
        *(("fit", "Slim"), ("fit", 'Long, "tall"')),
    }


def test_dates_have_the_month_first_unless_one_proves_otherwise(tmp_path: Path) -> None:
    def begins(*froms: str) -> list[str]:
        rows = [good(f"A{n}", special_price="5", special_price_from_date=d) for n, d in enumerate(froms)]
        load(file(tmp_path, *rows))
        starts = Sale.objects.order_by("price__variant__sku").values_list("starts_at", flat=True)
        days = [f"{start:%Y-%m-%dT%H}" for start in starts if isinstance(start, datetime)]
        Product.objects.all().delete()
        return days

    # A day of the shop's begins an hour or two before one in UTC.
    assert begins("2/1/2024", "12/31/23") == ["2024-01-31T23", "2023-12-30T23"]
    assert begins("2/1/2024", "31/01/2024") == ["2024-01-01T23", "2024-01-30T23"]
    assert begins("2024-01-02T00:00:00+00:00", "2024-01-02T06:00:00Z") == ["2024-01-02T00", "2024-01-02T06"]


def test_a_date_that_may_be_two_is_refused_where_the_file_has_both_orders(tmp_path: Path) -> None:
    days = ("31/01/2024", "12/31/2024", "1/2/2024", "3/3/2024")
    rows = [good(f"A{n}", special_price="5", special_price_from_date=day) for n, day in enumerate(days)]
    found = problems(file(tmp_path, *rows), folder=tmp_path)
    assert [(line, "day or the month" in reason) for line, reason in found] == [(4, True)]


def test_no_shopper_reads_a_directive_of_the_theme(tmp_path: Path) -> None:
    long = (
        '<p>Fine <img src="{{media url=wysiwyg/a.jpg}}"> {{widget type="x"}}<a href="{{store url=&quot;sizes'
        '&quot;}}">sizes</a> <a href="{{media url="a.pdf"}}">sheet</a></p>{{config path="a/b"}}'
    )
    row = good("A", description=long, short_description="<p>{{block id='x'}}Short</p>")
    path = tmp_path / "products.csv"
    path.write_text(text([row, good("B", description="{{oops")], (*HEADER, "short_description")))
    said = load(path, errors=tmp_path / "all.table")
    product = Product.objects.get(slug="a")
    assert (product.description, product.summary) == ("<p>Fine  sizes sheet</p>", "Short")
    assert "texts held directives of Magento's theme" in said
    assert ",A,A directive of Magento's theme was left out: {{media url=wysiwyg/a.jpg}}" in (
        (tmp_path / "all.table").read_text()
    )


def test_a_text_of_broken_directives_takes_no_time(tmp_path: Path) -> None:
    begun = time.process_time()
    rows = [good(f"P{n}", description=part * 20_000) for n, part in enumerate(BROKEN)]
    reading = read([file(tmp_path, *rows)])
    assert len(reading.products) == len(BROKEN)
    assert time.process_time() - begun < 5


def test_options_that_are_made_to_order_are_named(tmp_path: Path) -> None:
    row = good("A", custom_options="name=Engraving,type=field,required=1|name=Wrap,type=checkbox")
    path = tmp_path / "products.csv"
    path.write_text(text([row], (*HEADER, "custom_options")))
    reasons = [reason for _line, reason in problems(path, folder=tmp_path, level="warning")]
    assert [reason.endswith("Engraving, Wrap.") for reason in reasons] == [True]


def test_an_option_is_called_as_the_configurable_says_if_it_is_new(tmp_path: Path) -> None:
    make_value("size", "S")
    rows = [child("A-S", "S", additional_attributes="size=S,shoe_eu=42")]
    labels = {"configurable_variation_labels": "size=Magnitude,shoe_eu=EU size"}
    path = tmp_path / "products.csv"
    path.write_text(text([*rows, {**parent("A", *rows), **labels}], (*HEADER, *labels)))
    load(path)
    assert dict(Attribute.objects.values_list("code", "name")) == {"size": "Size", "shoe-eu": "EU size"}


def test_two_attributes_of_one_name_are_told_apart_by_their_codes(tmp_path: Path) -> None:
    make_value("style", "Own")
    (tmp_path / "attributes.csv").write_text(
        "attribute_code,frontend_label\nstyle_bottom,Style\nstyle_top,Style\n"
    )
    file(tmp_path, good("A", additional_attributes="style_bottom=Snug,style_top=Vest"))
    load(tmp_path)
    names = set(Attribute.objects.exclude(code="highlights").values_list("name", flat=True))
    assert names == {"Style", "Style (bottom)", "Style (top)"}


def test_a_comma_or_a_bar_in_paths_makes_no_category_of_a_part_of_a_name(tmp_path: Path) -> None:
    load(
        file(
            tmp_path,
            good("A", categories="Default Category/Men, Women/Tops"),
            good("B", categories="Default Category|Default Category/Pipes|Default Category/Pipes/Red"),
            good("C", categories="Default Category/Pipes | Fittings, Default Category/Hats"),
        )
    )
    assert set(Category.objects.filter(depth=1).values_list("name", flat=True)) == {
        *("Men, Women", "Pipes", "Pipes | Fittings", "Hats")
    }
    assert listed("B") == {"Pipes/Red"}


def test_a_part_of_a_catalogue_goes_where_the_whole_went(tmp_path: Path) -> None:
    def bring(sku: str, *paths: str, header: tuple[str, ...] = HEADER) -> set[str]:
        path = tmp_path / "products.csv"
        path.write_text(text([good(sku, categories=",".join(paths))], header))
        load(path)
        return listed(sku)

    export = (*HEADER, "product_websites")
    assert bring("A", "Women/Tops") == {"Women/Tops"}  # made by hand: no root
    assert bring("B", "Main Root/Food/Cheese", "Other Root/Wine") == {
        "Main Root/Food/Cheese",
        "Other Root/Wine",
    }
    assert bring("C", "Main Root/Food/Bread", header=export) == {"Main Root/Food/Bread"}
    assert bring("D", "Shop/Toys/Cars", "Shop/Games", header=export) == {"Toys/Cars", "Games"}
    assert bring("E", "Shop/Toys/Dolls", header=export) == {"Toys/Dolls"}
    assert bring("G", "Men/Socks", "Men/Caps") == {"Men/Socks", "Men/Caps"}  # by hand again
    assert bring("F", "Women/Trousers", "Women/Shirts", header=export) == {"Women/Trousers", "Women/Shirts"}


def test_categories_without_goods_wait_and_a_merchants_word_counts(tmp_path: Path) -> None:
    make_category("Sale", slug="sale")
    (tmp_path / "categories.csv").write_text(
        "name,url_key,path,active\nMen,men,,1\nTops,tops,Men,1\nHats,hats,Men,1\nNews,news,,1\nSale,sale,,1\n"
    )
    file(tmp_path, good("A", categories="Default Category/Men/Tops"))
    assert "3 categories have no goods in these files" in load(tmp_path)
    shown = Category.objects.filter(is_published=True)
    assert set(shown.values_list("slug", flat=True)) == {"sale", "men", "tops"}
    Category.objects.filter(slug="news").update(is_published=True)
    load(tmp_path)
    assert set(shown.values_list("slug", flat=True)) == {"sale", "men", "tops", "news"}
    file(tmp_path, good("A", categories="Default Category/Men/Hats"))
    assert "1 category with goods is not published in the shop" in load(tmp_path)


def test_goods_with_rows_of_store_views_alone_are_read_from_the_first(tmp_path: Path) -> None:
    rows = [good("A", store_view_code="de", name="Ware A"), good("A", store_view_code="default")]
    said = load(file(tmp_path, *rows, good("B", store_view_code="default")))
    assert set(Product.objects.values_list("name", flat=True)) == {"Product A", "Product B"}
    assert "2 products had no rows but those of store views" in said


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("source_code,sku,status,quantity\ndefault,A,1,12\n", "Looked for: products (sku, name"),
        ("sku,_store,_type,_category,image,name\nA,,simple,Kitchen,a.jpg,Pot\n", "Magento 1"),
        ("sku,image,name,weight\nA,a.jpg,Pot,1\n", "Looked for"),
        ("sku,msrp\nA,5\n", "Looked for"),
        ("sku,product_type,name,price\n", "nothing in it"),
    ],
)
def test_a_folder_that_brings_nothing_is_an_error(tmp_path: Path, content: str, reason: str) -> None:
    (tmp_path / "export.csv").write_text(content)
    assert any(reason in told for _line, told in problems(tmp_path, folder=tmp_path))
    assert any(reason in told for _line, told in problems(tmp_path / "export.csv", folder=tmp_path))


def test_bars_divide_columns_too(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(text([good("A")], HEADER, "|"))
    load(path)
    assert Variant.objects.get().sku == "A"


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        *(("cp1250", "Żółty łóżko"), ("gb18030", "你好"), ("cp1251", "Стул"), ("shift-jis", "椅子")),
        ("cp1250", "Dětský stůl"),
        ("cp1252", "Lunedì più caffè, où goût"),
        *(("cp1252", "Größe „é“ – Piñata ½ zip"), ("cp1252", "Smørrebrød, œuvre créée 5 m² · 10 °C")),
    ],
)
def test_what_is_not_western_and_not_utf_8_is_refused(tmp_path: Path, encoding: str, name: str) -> None:
    path = tmp_path / "products.csv"
    path.write_bytes(text([good("A", name=name), good("B")]).encode(encoding))
    if encoding == "cp1252":
        load(path)
        assert Product.objects.get(slug="a").name == name
        return
    assert "save it as UTF-8" in problems(path, folder=tmp_path)[0][1]
    assert not Product.objects.exists()
