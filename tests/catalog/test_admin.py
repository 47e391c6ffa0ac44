"""The merchant's desk as a whole: every page opens, every look-up types, who may what."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from accounts.models import User
from catalog.models import Block, Category, Product, Stock
from shop.desk import cells
from tests.factories import (
    make_category,
    make_delivery,
    make_image,
    make_page,
    make_product,
    make_review,
    make_user,
)

pytestmark = pytest.mark.django_db
OURS = {"catalog", "orders", "accounts", "checkout"}


@pytest.fixture
def desk(client: Client) -> Client:
    """Somebody who may do everything."""
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def goods() -> Product:
    product = make_product(
        "Low hills", options={"size": ["A4", "A3"]}, values={"colour": "Red"}, category="Posters"
    )
    make_image(product)
    make_review(product)
    make_delivery()
    make_page()
    Block.objects.create(kind=Block.Kind.HERO, title="Hello")
    return product


def member(group: str) -> User:
    user = make_user(is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    return user


def desks() -> Iterator[tuple[str, Any]]:
    for model, table in admin.site._registry.items():
        if model._meta.app_label in OURS:
            yield model._meta.label, table


def test_every_foreign_key_is_found_by_typing_or_not_changed_at_all() -> None:
    request = RequestFactory().get("/")
    request.user = User(is_staff=True, is_superuser=True, is_active=True)
    open_lists = []
    for label, table in desks():
        for place in (table, *(inline(table.model, admin.site) for inline in table.inlines)):
            if not place.has_change_permission(request):
                continue
            shown = {*place.get_autocomplete_fields(request), *place.get_readonly_fields(request)}
            shown |= {*place.raw_id_fields, getattr(place, "fk_name", None)}
            form = place.get_form(request) if place is table else place.get_formset(request).form
            for field in (*place.model._meta.many_to_many, *place.model._meta.fields):
                is_parent = place is not table and getattr(field, "related_model", None) is table.model
                if (
                    field.remote_field
                    and field.name in form.base_fields
                    and not is_parent | (field.name in shown)
                ):
                    open_lists.append(f"{label}.{field.name} in {type(place).__name__}")
    assert open_lists == []


def test_every_list_and_form_opens(desk: Client, goods: Product) -> None:
    for label, table in desks():
        if label.startswith(("orders", "checkout")):
            continue
        name = f"admin:{table.opts.app_label}_{table.opts.model_name}"
        assert desk.get(reverse(f"{name}_changelist"), {"q": "low"}).status_code == 200, label
        found = table.model._default_manager.first()
        if found is not None and table.has_module_permission:
            assert desk.get(reverse(f"{name}_change", args=[found.pk])).status_code == 200, label
        if table.opts.label_lower not in {"catalog.stock", "catalog.stockmovement", "auth.permission"}:
            assert desk.get(reverse(f"{name}_add")).status_code in {200, 403}, label


def test_a_list_of_a_hundred_asks_no_more_than_a_list_of_two(desk: Client) -> None:
    def asked(name: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert desk.get(reverse(f"admin:catalog_{name}_changelist")).status_code == 200
        return len(queries)

    names = ("product", "variant", "price", "stock", "stockmovement", "attribute", "image")
    for number in range(2):
        make_image(make_product(f"Print {number}", options={"size": ["A4", "A3"]}))
    few = {name: asked(name) for name in names}
    for number in range(60):
        make_image(make_product(f"More {number}", options={"size": ["A4", "A3"]}))
    assert {name: asked(name) for name in names} == few
    assert few["product"] <= 12


def test_a_product_with_many_variants_asks_no_more_than_one_with_two(desk: Client) -> None:
    def asked(product: Product) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(reverse("admin:catalog_product_change", args=[product.pk])).status_code == 200
        return len(queries)

    few = make_product("Few", options={"size": ["A4", "A3"]}, values={"colour": ["Red"]}, category="Posters")
    many = make_product(
        "Many",
        options={"size": [f"A{n}" for n in range(10)], "frame": ["Oak", "Black", "White"]},
        values={"colour": ["Red", "Blue", "Green", "Yellow"]},
        category=[make_category(name) for name in ("Posters", "Art", "Sale")],
    )
    asked(few)
    assert asked(many) <= asked(few)


def test_products_are_found_by_name_sku_and_barcode(desk: Client) -> None:
    wanted = make_product("Low hills", sku="HILL")
    wanted.variants.update(barcode="4006381333931")
    make_product("Two suns", sku="SUN")
    for words in ("low hills", "hill-1", "4006381333931"):
        answer = desk.get(reverse("admin:catalog_product_changelist"), {"q": words})
        assert [row.pk for row in answer.context["cl"].result_list] == [wanted.pk], words


def test_products_are_filtered_by_a_category_with_what_is_below_it(desk: Client) -> None:
    top = make_category("Wall")
    inside = make_product("Inside", kind="Print", category=make_category("Small", parent=top))
    make_product("Outside", kind="Card", category=make_category("Desk"))
    for query in ({"category": str(top.pk)}, {"kind": "Print"}):
        answer = desk.get(reverse("admin:catalog_product_changelist"), query)
        assert [row.pk for row in answer.context["cl"].result_list] == [inside.pk]


def test_the_index_is_ordered_by_what_a_merchant_does(desk: Client) -> None:
    answer = desk.get(reverse("admin:index"))
    names = [section["name"] for section in answer.context["app_list"]]
    assert names[:3] == ["Orders", "Goods", "Prices and stock"]
    assert answer.context["app_list"][1]["models"][0]["object_name"] == "Product"


def test_a_merchant_keeps_the_catalogue_and_cannot_make_users(client: Client, goods: Product) -> None:
    user = member("Merchant")
    client.force_login(user)
    assert user.has_perms(["catalog.change_product", "orders.ship_order", "orders.cancel_order"])
    assert client.get(reverse("admin:catalog_product_change", args=[goods.pk])).status_code == 200
    assert client.get(reverse("admin:accounts_user_add")).status_code == 403
    assert not user.has_perm("accounts.change_user")
    assert not user.has_perm("catalog.delete_stock")


def test_support_reads_the_catalogue_and_changes_none_of_it(client: Client, goods: Product) -> None:
    user = member("Support")
    client.force_login(user)
    url = reverse("admin:catalog_product_change", args=[goods.pk])
    assert client.get(url).status_code == 200
    assert client.post(url, {"name": "Mine"}).status_code == 403
    assert not user.has_perm("orders.ship_order")


def test_the_groups_are_put_in_place_again_without_a_double() -> None:
    Group.objects.get(name="Merchant").permissions.clear()
    call_command("migrate", verbosity=0)
    assert member("Merchant").has_perm("catalog.add_product")
    assert Group.objects.filter(name__in=["Merchant", "Support"]).count() == 2


def test_who_is_no_superuser_gives_no_powers(client: Client) -> None:
    boss, helper = make_user(is_staff=True, is_superuser=True), make_user(is_staff=True)
    helper.groups.add(group := Group.objects.create(name="Office"))
    for codename in ("view_user", "change_user"):
        group.permissions.add(
            *admin.site._registry[User]
            .model._meta.apps.get_model("auth", "Permission")
            .objects.filter(codename=codename)
        )
    client.force_login(helper)
    url = reverse("admin:accounts_user_change", args=[helper.pk])
    client.post(url, {"email": helper.email, "is_active": "on", "is_superuser": "on", "groups": []})
    helper.refresh_from_db()
    assert not helper.is_superuser
    assert client.post(reverse("admin:accounts_user_change", args=[boss.pk]), {}).status_code == 403


def test_a_stranger_meets_the_login_page(client: Client) -> None:
    answer = client.get(reverse("admin:catalog_product_changelist"))
    assert answer.status_code == 302
    assert "Merchant desk" in client.get(answer["Location"]).content.decode()


def test_nobody_adds_or_deletes_stock(desk: Client, goods: Product) -> None:
    held = Stock.objects.first()
    assert held is not None
    assert desk.get(reverse("admin:catalog_stock_add")).status_code == 403
    assert desk.post(reverse("admin:catalog_stock_delete", args=[held.pk])).status_code == 403


def test_categories_show_as_a_tree_and_move_without_a_script(desk: Client) -> None:
    top = make_category("Wall")
    first, second = (make_category(name, parent=top) for name in ("First", "Second"))
    desk.post(reverse("admin:catalog_category_move", args=[second.pk, "up"]))
    assert [str(node) for node in Category.objects.order_by("path")] == ["Wall", "Second", "First"]
    page = desk.get(reverse("admin:catalog_category_changelist")).content.decode()
    assert "branch-2" in page
    assert desk.get(reverse("admin:catalog_category_move", args=[first.pk, "up"])).status_code == 405


def test_a_category_moves_to_another_parent_but_never_below_itself(desk: Client) -> None:
    wall, desk_goods = make_category("Wall"), make_category("Desk")
    small = make_category("Small", parent=wall)
    form = {"name": "Small", "slug": "small", "description": "", "is_published": "on"}
    url = reverse("admin:catalog_category_change", args=[small.pk])
    assert desk.post(url, {**form, "parent": desk_goods.pk}).status_code == 302
    moved = Category.objects.get(pk=small.pk)
    assert moved.path.startswith(Category.objects.get(pk=desk_goods.pk).path)
    url = reverse("admin:catalog_category_change", args=[desk_goods.pk])
    answer = desk.post(url, {**form, "name": "Desk", "slug": "desk", "parent": small.pk})
    assert "below itself" in answer.content.decode()
    assert (
        desk.post(reverse("admin:catalog_category_add"), {**form, "name": "New", "slug": "new"}).status_code
        == 302
    )
    assert Category.objects.get(slug="new").depth == 1


@pytest.mark.parametrize(("language", "text"), [("en", "10,000"), ("de", "10.000")])
def test_counts_are_grouped_as_the_language_does(language: str, text: str) -> None:
    with translation.override(language):
        assert text in cells.number(10_000)


def test_the_apps_are_called_by_their_names() -> None:
    names = [
        str(apps.get_app_config(label).verbose_name)
        for label in ("catalog", "accounts", "checkout", "orders")
    ]
    assert names == ["Catalogue", "Accounts", "Checkout", "Orders"]
