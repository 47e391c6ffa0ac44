"""What machines are told of a product: only what we know."""

import json
from typing import Any

import pytest

from catalog.models import Product
from catalog.queries.products import Found
from catalog.queries.reviews import Asked, read
from catalog.views import structured
from tests.factories import make_product

pytestmark = pytest.mark.django_db


def told_of(item: Product) -> dict[str, Any]:
    """The product's part of the page's JSON-LD."""
    said = read(item, [0] * 5, Asked())
    found = Found(item, "", [], [], [], None, [], [], said, frozenset())
    told, _trail = json.loads(structured.product(found, "/p/two-suns/", []))["@graph"]
    return told


def test_the_brand_is_told_and_a_series_is_none() -> None:
    assert told_of(make_product(brand="Northwind"))["brand"] == {"@type": "Brand", "name": "Northwind"}
    assert "brand" not in told_of(make_product(series="Harbours"))
