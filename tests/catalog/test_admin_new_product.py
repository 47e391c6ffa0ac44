"""A product that is added: in one form, and who adds it hears what is left to do."""

import pytest
from django.test import Client
from django.urls import reverse

from catalog.models import Product, Stock
from tests.catalog.test_admin_product import desk as desk
from tests.catalog.test_admin_product import errors_of, form_of, text
from tests.factories import make_category, make_product, make_tax_class, make_value, picture_file

pytestmark = pytest.mark.django_db


def test_a_new_product_is_made_in_one_form(desk: Client) -> None:
    tax = make_product("Other").tax_class
    category = make_category("Posters")
    data = form_of(desk.get(reverse("admin:catalog_product_add")))
    data |= {
        "name": "Fern",
        "slug": "fern",
        "tax_class": tax.pk,
        "description": "<p onclick='x()'>Green<script>1</script></p>",
        "is_published": "on",
        "variants-TOTAL_FORMS": 1,
        "variants-0-sku": "FERN",
        "variants-0-is_active": "on",
        "variants-0-position": 0,
        "variants-0-price_eur": "12",
        "images-TOTAL_FORMS": 1,
        "images-0-upload": picture_file(),
        "images-0-alt": "A fern",
        "images-0-position": 0,
        "listings-TOTAL_FORMS": 1,
        "listings-0-category": category.pk,
        "listings-0-is_primary": "on",
        "listings-0-position": 0,
        "product_values-TOTAL_FORMS": 1,
        "product_values-0-value": make_value("colour", "Green").pk,
    }
    response = desk.post(reverse("admin:catalog_product_add"), data)
    assert errors_of(response) == []
    fern = Product.objects.get(slug="fern")
    assert fern.description == "<p>Green</p>"
    assert fern.variants.get().prices.get().amount == 12
    assert Stock.objects.get(variant__product=fern).on_hand == 0
    assert fern.images.get().width == 60
    assert fern.listings.get().is_primary

    listed = desk.get(response["Location"])
    assert "1 new variant is sold out until its stock is counted." in text(listed)
    to_count = desk.get(f"{reverse('admin:catalog_stock_changelist')}?variant__product={fern.pk}")
    assert to_count.request["QUERY_STRING"] in listed.content.decode()
    assert [held.variant.sku for held in to_count.context["cl"].result_list] == ["FERN"]


def test_a_new_product_is_taxed_as_most_are(desk: Client) -> None:
    standard = make_product("One").tax_class
    make_product("Two")
    make_product("Atlas", tax="books")
    form = desk.get(reverse("admin:catalog_product_add")).context["adminform"].form
    assert form.initial["tax_class"] == standard.pk


def test_who_adds_one_unpublished_is_told_so(desk: Client) -> None:
    data = form_of(desk.get(reverse("admin:catalog_product_add")))
    data |= {"name": "Fern", "slug": "fern", "tax_class": make_tax_class().pk}
    data.pop("is_published", None)
    listed = desk.get(desk.post(reverse("admin:catalog_product_add"), data)["Location"])
    assert "Nobody sees it until it is published." in text(listed)
