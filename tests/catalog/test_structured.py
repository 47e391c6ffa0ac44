"""What machines are told of a product: only what we know."""

import json
from typing import Any

import pytest

from catalog.models import Product
from catalog.queries.products import Found
from catalog.views import structured
from tests.factories import make_product

pytestmark = pytest.mark.django_db


def told_of(item: Product) -> dict[str, Any]:
    """The product's part of the page's JSON-LD."""
    found = Found(item, "", [], [], [], None, [], [], [])
    told, _trail = json.loads(structured.product(found, "/p/two-suns/", []))["@graph"]
    return told


@pytest.mark.parametrize(
    ("source", "brand"),
    [
        ("shopify:two-suns", {"@type": "Brand", "name": "Northwind"}),
        ("demo:two-suns", None),
        (None, None),
    ],
)
def test_a_brand_is_told_only_where_an_import_named_the_vendor(source: str | None, brand: object) -> None:
    item = make_product(series="Northwind", external_id=source)
    assert told_of(item).get("brand") == brand


def test_an_import_without_a_vendor_names_no_brand() -> None:
    item = make_product(external_id="shopify:two-suns")
    assert "brand" not in told_of(item)
