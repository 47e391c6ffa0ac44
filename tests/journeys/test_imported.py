"""A real merchant's file is imported, and one of its goods is found and bought."""

import re
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

from catalog.models import Stock, Variant
from orders.models import Order
from tests.checkout.conftest import go_to_review
from tests.factories import follow_changes, make_delivery, make_tax_class

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_imported_variant_without_a_sku_is_found_and_bought(shared: Path, client: Client) -> None:
    make_tax_class()
    make_delivery()
    call_command("import_catalog", "shopify", str(shared / "data" / "shopify-product-csvs" / "jewelery.csv"))
    follow_changes()
    gold = Variant.objects.get(product__slug="leather-anchor", options__value__label="Gold")
    assert gold.sku is None
    assert "Anchor Bracelet Mens" in client.get("/search/?q=anchor").content.decode()
    page = client.get("/p/leather-anchor/").content.decode()
    assert "€69.99" in page
    assert "€85" in page

    form = re.search(
        r'<form class="buy".*?</form>',
        client.get("/p/leather-anchor/?color=gold").content.decode(),
        re.DOTALL,
    )
    assert form
    fields = dict(re.findall(r'name="(product)" value="(\d+)"', form[0]))
    fields |= dict(re.findall(r'type="radio" name="(\w+)" value="([^"]+)" checked', form[0]))
    assert list(fields.values())[1:] == ["gold"]
    assert client.post("/cart/add/", {**fields, "quantity": "1"}).status_code == 302
    digest = go_to_review(client)
    placed = client.post("/checkout/review/", {"digest": digest, "payment": "pays"}, follow=True)
    assert "Thank you" in placed.content.decode()
    line = Order.objects.get().lines.get()
    assert (line.name, line.options, line.sku, str(line.unit_price)) == (
        "Anchor Bracelet Mens",
        "Gold",
        "",
        "69.99",
    )
    stock = Stock.objects.get(variant=gold)
    # The file names no tracker for it: it is not counted, and promised all the same.
    assert (stock.is_tracked, stock.reserved) == (False, 1)
