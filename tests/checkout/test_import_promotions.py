"""Magento's rules come in by a command, and work: Luma's own where they are at hand, and some of ours."""

import csv
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from catalog.models import Category, Variant
from checkout import offers, quote
from checkout.models import Cart, CartLine, Promotion, PromotionAmount, Voucher
from tests.catalog.magento import FIXTURES, load, luma
from tests.factories import make_category, make_delivery, make_product, make_sale, make_tax_class

pytestmark = pytest.mark.django_db
CART = "Magento\\SalesRule\\Model\\Rule\\Condition\\"
COLUMNS = (
    *("name", "description", "simple_action", "discount_amount", "discount_step", "is_active"),
    *("stop_rules_processing", "apply_to_shipping", "simple_free_shipping", "coupon_type", "coupon_code"),
    *("uses_per_customer", "from_date", "to_date", "conditions_serialized", "actions_serialized"),
)


def tree(kind: str, *children: Any, value: str = "1", aggregator: str = "all") -> dict[str, Any]:
    return {
        "type": CART + kind,
        "attribute": None,
        "operator": None,
        "value": value,
        "aggregator": aggregator,
        "conditions": list(children),
    }


def leaf(kind: str, attribute: str, operator: str, value: str) -> dict[str, Any]:
    return {"type": CART + kind, "attribute": attribute, "operator": operator, "value": value}


def rules(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "sales_rules.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for row in rows:
            plain = {"simple_action": "by_percent", "discount_amount": "10", "is_active": "1"}
            cells = {**plain, "coupon_type": "1", **row}
            writer.writerow({key: json.dumps(v) if isinstance(v, dict) else v for key, v in cells.items()})
    return path


def run(*paths: Path, **options: Any) -> str:
    out = StringIO()
    call_command("import_promotions", *map(str, paths), stdout=out, stderr=out, **options)
    return out.getvalue()


def refused(*paths: Path, **options: Any) -> str:
    """What is said of what was left out."""
    out = StringIO()
    with pytest.raises(CommandError, match=r"\d error"):
        call_command("import_promotions", *map(str, paths), stdout=out, stderr=out, **options)
    return out.getvalue()


FIRST = {
    "name": "Ten off prints",
    "conditions_serialized": tree("Combine", leaf("Address", "base_subtotal", ">=", "50")),
    "actions_serialized": tree(
        "Product\\Combine", leaf("Product", "category_ids", "()", "url_key=prints,url_key=maps")
    ),
    "stop_rules_processing": "1",
    "to_date": "2031-05-01",
}


@pytest.fixture
def shelf() -> None:
    make_category("Prints")
    make_category("Maps")


def test_a_rule_comes_in_with_its_goods_its_minimum_and_its_dates(shelf: None, tmp_path: Path) -> None:
    said = run(rules(tmp_path, FIRST))
    assert "1 created, 0 changed, 0 unchanged, 0 left out." in said
    promotion = Promotion.objects.get()
    assert (promotion.kind, promotion.percent, promotion.scope) == ("percent", 10, "chosen")
    assert {category.slug for category in promotion.categories.all()} == {"prints", "maps"}
    assert (promotion.stacking, promotion.needs_code) == ("last", False)
    assert str(promotion.ends_at.date()) in {"2031-05-01", "2031-05-02"}
    assert [(row.currency, row.minimum) for row in promotion.amounts.all()] == [("EUR", 50)]


def test_a_second_run_writes_what_has_changed_and_nothing_else(shelf: None, tmp_path: Path) -> None:
    path = rules(tmp_path, FIRST)
    run(path)
    promotion = Promotion.objects.get()
    PromotionAmount.objects.create(promotion=promotion, currency="GBP", minimum=45)
    assert "0 created, 0 changed, 1 unchanged" in run(path)
    assert "0 created, 1 changed, 0 unchanged" in run(rules(tmp_path, {**FIRST, "discount_amount": "12"}))
    promotion = Promotion.objects.get()
    assert (promotion.percent, promotion.amounts.count()) == (12, 2)


def test_a_dry_run_keeps_nothing(shelf: None, tmp_path: Path) -> None:
    said = run(rules(tmp_path, FIRST), dry_run=True)
    assert "1 created" in said
    assert "this was a dry run" in said
    assert not Promotion.objects.exists()


CONDITION = {
    "something unknown": (
        {"conditions_serialized": tree("Combine", leaf("Address", "weight", ">=", "5"))},
        "this shop does not know the condition “weight”",
    ),
    "any of two": (
        {
            "conditions_serialized": tree(
                "Combine",
                leaf("Address", "base_subtotal", ">=", "5"),
                leaf("Address", "base_subtotal", ">=", "9"),
                aggregator="any",
            )
        },
        "“any of these”",
    ),
    "broken": ({"conditions_serialized": '{"type": '}, "its conditions cannot be read"),
    "a list": ({"conditions_serialized": "[1, 2]"}, "its conditions cannot be read"),
    "sku contains": (
        {"actions_serialized": tree("Product\\Combine", leaf("Product", "sku", "{}", "UG"))},
        "the condition “sku”",
    ),
    "both of two": (
        {
            "actions_serialized": tree(
                "Product\\Combine",
                leaf("Product", "category_ids", "()", "prints"),
                leaf("Product", "sku", "==", "X-1"),
            )
        },
        "both of which must hold",
    ),
    "an action": ({"simple_action": "to_fixed"}, "the action “to_fixed”"),
    "too much": ({"discount_amount": "101"}, "takes nothing off, or more than all"),
    "nothing": ({"discount_amount": "0"}, "takes nothing off, or more than all"),
    "no number": ({"discount_amount": "a lot"}, "is no number"),
    "no date": ({"to_date": "soon"}, "“soon” is no date"),
    "no name": ({"name": ""}, "The row has no name"),
    "no code": ({"coupon_type": "2", "coupon_code": "--"}, "a voucher without one code"),
    "category": (
        {"actions_serialized": tree("Product\\Combine", leaf("Product", "category_ids", "==", "url_key=x"))},
        "nothing that it is for is sold here",
    ),
    "spared": (
        {"actions_serialized": tree("Product\\Combine", leaf("Product", "category_ids", "!=", "url_key=x"))},
        "a category that it spares is not known here",
    ),
}


@pytest.mark.parametrize("what", CONDITION)
def test_what_cannot_be_meant_here_is_left_out_by_line_and_the_others_come(
    shelf: None, tmp_path: Path, what: str
) -> None:
    broken, reason = CONDITION[what]
    said = refused(rules(tmp_path, {**FIRST, "name": "Other", **broken}, FIRST), errors=tmp_path / "e.csv")
    assert "sales_rules.csv:2: error:" in said
    assert reason in said
    assert "1 created, 0 changed, 0 unchanged, 1 left out." in said
    assert Promotion.objects.get().name == "Ten off prints"
    assert reason in (tmp_path / "e.csv").read_text()


def test_a_code_that_looks_like_another_is_not_taken_over(shelf: None, tmp_path: Path) -> None:
    coupon = {**FIRST, "coupon_type": "2", "coupon_code": "H20", "uses_per_customer": "1"}
    run(rules(tmp_path, coupon))
    assert Voucher.objects.get().limit_each == 1
    said = refused(rules(tmp_path, {**coupon, "name": "Other", "coupon_code": "H2O"}))
    assert "the code H20 is that of “Ten off prints” here" in said


def test_files_that_are_no_rules_are_told(tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    for path, text in (
        (tmp_path / "other.csv", "these columns are missing"),
        (tmp_path / "nowhere.csv", "There is no"),
        (tmp_path, "There is neither"),
    ):
        with pytest.raises(CommandError, match=text):
            run(path)
    with pytest.raises(CommandError, match="No market sells in USD"):
        run(tmp_path, currency="usd")


# --- Luma's own ------------------------------------------------------------------------------------------


def cart_of(*wanted: tuple[Variant, int], code: str = "") -> quote.Quote:
    cart = Cart.objects.create(token_hash=f"{Cart.objects.count():064}", market="eu", voucher_code=code)
    for variant, quantity in wanted:
        CartLine.objects.create(cart=cart, variant=variant, quantity=quantity)
    return quote.of(cart)


def given(shown: quote.Quote) -> dict[str, str]:
    return {row.name: str(row.amount.amount) for row in shown.discounts}


TEES = "Buy 3 tee shirts and get the 4th free"
SHIPPING = "Spend $50 or more - shipping is free!"
FIFTH = "20% OFF Ever $200-plus purchase!*"
BOTTLE = "$4 Luma water bottle (save 70%)"


@luma
def test_lumas_four_rules_work_in_its_own_tree(tmp_path: Path) -> None:
    """On goods like Luma's: its whole catalogue is imported by the next test."""
    men = make_category("Men")
    tees = make_category("Tees", make_category("Tops", men), slug="tees-men")
    make_category("Tees", slug="tees-women")
    watches = make_category("Watches", slug="watches")
    make_product("Bottle", sku="24-UG06", price="7.00")
    Variant.objects.filter(sku="24-UG06-1").update(sku="24-UG06")
    check_luma(tees, watches)


@luma
def test_lumas_four_rules_work_on_its_imported_catalogue(tmp_path: Path) -> None:
    make_tax_class()
    load(FIXTURES, no_images=True)
    tees, watches = Category.objects.get(slug="tees-men"), Category.objects.get(slug="watches")
    bottle = Variant.objects.get(sku="24-UG06")
    assert bottle.prices.get(currency="EUR").amount == 7
    check_luma(tees, watches)


def check_luma(tees: Category, watches: Category) -> None:
    said = run(FIXTURES / "SalesRuleSampleData")
    assert "4 created, 0 changed, 0 unchanged, 0 left out." in said
    assert "0 created, 0 changed, 4 unchanged, 0 left out." in run(FIXTURES / "SalesRuleSampleData")
    make_delivery(free_from=None, eur="4.90")
    tee = make_product("Tee", category=tees, price="10.00", stock=99).variants.get()
    cheap = make_product("Thin tee", category=tees, price="8.00", stock=99).variants.get()
    watch = make_product("Watch", category=watches, price="100.00", stock=99).variants.get()
    coat = make_product("Coat", price="100.00", stock=99).variants.get()
    reduced = make_product("Scarf", price="40.00", stock=99).variants.get()
    make_sale("30.00", pk=reduced.pk)
    bottle = Variant.objects.get(sku="24-UG06")
    bottle.stock.on_hand = 9
    bottle.stock.save()
    assert given(cart_of((tee, 3))) == {}
    assert given(cart_of((tee, 3), (cheap, 1))) == {TEES: "8.00"}
    assert given(cart_of((tee, 8))) == {TEES: "20.00", SHIPPING: "0"}
    assert given(cart_of((coat, 4))) == {SHIPPING: "0", FIFTH: "80.00"}
    assert given(cart_of((coat, 1), (watch, 1))) == {SHIPPING: "0", FIFTH: "20.00"}
    assert given(cart_of((coat, 2), (reduced, 1), (watch, 1))) == {SHIPPING: "0", FIFTH: "40.00"}
    with_code = cart_of((bottle, 1), code="h2o")
    assert given(with_code) == {BOTTLE: "4.90"}
    assert str(with_code.totals.total.amount) == "7.00"  # 2.10 and 4.90 for delivery
    assert Voucher.objects.get(code="H20").limit_each == 1
    assert isinstance(with_code.offers, offers.Offers)


@luma
def test_lumas_catalogue_rule_is_a_promotion_of_the_cart_and_says_so() -> None:
    for slug in ("pants-women", "pants-men"):
        make_category("Pants", slug=slug)
    said = run(FIXTURES / "CatalogRuleSampleData")
    assert "It is taken off in the cart: pages of goods show the price without it." in said
    promotion = Promotion.objects.get()
    assert (promotion.percent, promotion.categories.count()) == (20, 2)
