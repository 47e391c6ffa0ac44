"""Deleting goods on the desk: all that is theirs goes too, but nothing that an order waits for."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db.models import Model
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from catalog import stock
from catalog.models import Price, Product, Stock, StockMovement, Variant
from tests.catalog.test_admin_product import edit, text
from tests.factories import make_category, make_product, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client) -> Client:
    user = make_user(is_staff=True)
    user.groups.add(Group.objects.get(name="Merchant"))
    client.force_login(user)
    return client


def delete(desk: Client, row: Model) -> HttpResponse:
    url = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_delete", args=[row.pk])
    return desk.post(url, {"post": "yes"})


def delete_selected(desk: Client, row: Model) -> HttpResponse:
    url = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_changelist")
    return desk.post(url, {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})


WAYS = pytest.mark.parametrize("way", [delete, delete_selected])


@WAYS
def test_a_merchant_deletes_a_product_that_was_never_sold_with_all_that_is_its(
    desk: Client, way: Any
) -> None:
    product = make_product(options={"size": ["A4", "A3"]}, values={"colour": "Red"}, category="Posters")
    for variant in product.variants.all():
        stock.adjust(variant.pk, delta=3)
    assert way(desk, product).status_code == 302
    for model in (Product, Variant, Price, Stock, StockMovement):
        assert not model.objects.exists()


@WAYS
def test_a_merchant_deletes_a_variant_with_its_prices_and_its_stock(desk: Client, way: Any) -> None:
    variant = make_product().variants.get()
    stock.adjust(variant.pk, delta=3)
    assert way(desk, variant).status_code == 302
    for model in (Variant, Price, Stock, StockMovement):
        assert not model.objects.exists()


@WAYS
def test_who_may_only_look_deletes_no_product(client: Client, way: Any) -> None:
    user = make_user(is_staff=True)
    user.groups.add(Group.objects.get(name="Support"))
    client.force_login(user)
    way(client, make_product())
    assert Product.objects.exists()


@WAYS
@pytest.mark.parametrize("whole", [True, False], ids=["product", "variant"])
def test_what_orders_wait_for_is_not_deleted_and_the_page_says_what_to_do(
    desk: Client, way: Any, whole: bool
) -> None:
    product = make_product("Low hills", options={"size": ["A4", "A3"]})
    variant = product.variants.all()[0]
    stock.reserve({variant.pk: 2})
    answer = way(desk, product if whole else variant)
    assert answer.status_code == 200
    assert "2 are reserved for orders" in text(answer)
    assert "deactivate it instead" in text(answer)
    assert Stock.objects.get(pk=variant.pk).reserved == 2


def test_a_row_of_the_products_form_stays_while_orders_wait_for_it(desk: Client) -> None:
    product = make_product("Low hills", options={"size": ["A4", "A3"]}, category=make_category("Posters"))
    kept, free = product.variants.order_by("position", "id")
    stock.reserve({kept.pk: 2})
    refused = edit(desk, product, **{"variants-0-DELETE": "on", "variants-1-DELETE": "on"})
    assert refused.status_code == 200
    assert "2 are reserved for orders" in text(refused)
    assert product.variants.count() == 2
    assert edit(desk, product, **{"variants-1-DELETE": "on"}).status_code == 302
    assert list(product.variants.all()) == [kept]
    assert not Stock.objects.filter(pk=free.pk).exists()
