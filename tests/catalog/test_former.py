"""Old addresses: they lead to where a thing is now, or say that it is gone; what is there wins."""

import pytest
from django.db import connection, transaction
from django.test import Client

from catalog.models import Category, Former, Price, Product
from tests.factories import follow_changes, make_category, make_product

pytestmark = pytest.mark.django_db


@pytest.fixture
def hills() -> Product:
    made = make_product("Hills", slug="hills", category=make_category("Wall"))
    follow_changes()
    return made


def answer(client: Client, path: str) -> tuple[int, str]:
    """Its status, and where it leads."""
    found = client.get(path)
    return found.status_code, found.get("Location", "")


def rename(model: type[Product] | type[Category], old: str, new: str) -> None:
    model.objects.filter(slug=old).update(slug=new)
    follow_changes()


def test_the_old_address_of_a_product_leads_to_the_new_one_in_each_market(client: Client, hills: Product):
    hills.slug = "mountains"
    hills.save()
    follow_changes()
    assert answer(client, "/p/hills/?size=a3&utm_source=x") == (301, "/p/mountains/?size=a3")
    assert answer(client, "/gb/p/hills/") == (301, "/gb/p/mountains/")
    assert answer(client, "/p/mountains/") == (200, "")


def test_however_often_it_moved_each_old_address_leads_there_at_once(client: Client, hills: Product):
    for old, new in (("hills", "b"), ("b", "c"), ("c", "d")):
        rename(Product, old, new)
    assert {answer(client, f"/p/{slug}/") for slug in ("hills", "b", "c")} == {(301, "/p/d/")}


def test_there_and_back_again_is_no_loop(client: Client, hills: Product):
    rename(Product, "hills", "mountains")
    rename(Product, "mountains", "hills")
    assert answer(client, "/p/hills/") == (200, "")
    assert answer(client, "/p/mountains/") == (301, "/p/hills/")
    assert Former.objects.count() == 1


def test_raw_sql_is_remembered_like_a_save(client: Client, hills: Product):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE catalog_product SET slug = slug || '-2026'")
        cursor.execute("UPDATE catalog_category SET slug = 'walls' WHERE slug = 'wall'")
    follow_changes()
    assert answer(client, "/p/hills/") == (301, "/p/hills-2026/")
    assert answer(client, "/c/wall/") == (301, "/c/walls/")


def test_what_has_an_address_now_wins_over_what_had_it(client: Client, hills: Product):
    rename(Product, "hills", "mountains")
    make_product("Other hills", slug="hills")
    follow_changes()
    assert answer(client, "/p/hills/") == (200, "")
    Product.objects.filter(slug="hills").update(is_published=False)
    follow_changes()
    assert answer(client, "/p/hills/") == (404, "")


def test_the_last_one_to_leave_an_address_is_whom_it_leads_to(client: Client, hills: Product):
    rename(Product, "hills", "mountains")
    make_product("Other hills", slug="hills")
    rename(Product, "hills", "other-hills")
    assert answer(client, "/p/hills/") == (301, "/p/other-hills/")


def test_what_was_deleted_is_gone_under_all_its_addresses(client: Client, hills: Product):
    rename(Product, "hills", "mountains")
    Product.objects.filter(slug="mountains").delete()
    follow_changes()
    for path in ("/p/hills/", "/p/mountains/", "/gb/p/mountains/"):
        found = client.get(path)
        assert found.status_code == 410
        assert "This sheet is gone" in found.content.decode()
        assert "This sheet is blank" not in found.content.decode()
    make_product("Hills again", slug="hills")
    follow_changes()
    assert answer(client, "/p/hills/") == (200, "")
    assert answer(client, "/p/mountains/") == (410, "")


@pytest.mark.parametrize("is_sold", [True, False])
def test_an_old_address_leads_nowhere_while_its_product_is_not_shown(
    client: Client, hills: Product, is_sold: bool
):
    rename(Product, "hills", "mountains")
    if is_sold:
        Product.objects.update(is_published=False)
    else:
        Price.objects.filter(currency="GBP").delete()
    follow_changes()
    assert answer(client, "/gb/p/hills/") == (404, "")
    assert answer(client, "/p/hills/")[0] == (404 if is_sold else 301)


def test_a_category_is_remembered_in_the_same_way(client: Client):
    make_category("Prints", parent=make_category("Wall"))
    rename(Category, "prints", "sheets")
    assert answer(client, "/gb/c/prints/") == (301, "/gb/c/sheets/")
    Category.objects.filter(slug="wall").update(is_published=False)
    follow_changes()
    assert answer(client, "/c/prints/") == (404, "")
    Category.objects.get(slug="wall").delete()
    follow_changes()
    assert {answer(client, f"/c/{slug}/") for slug in ("wall", "prints", "sheets")} == {(410, "")}


def test_one_model_says_nothing_of_anothers_address(client: Client, hills: Product):
    rename(Product, "hills", "mountains")
    assert answer(client, "/c/hills/") == (404, "")
    assert answer(client, "/info/hills/") == (404, "")


def test_a_whole_table_of_products_is_remembered_and_what_is_rolled_back_is_not(hills: Product):
    made = [make_product(f"Thing {number}", slug=f"thing-{number}") for number in range(3)]
    with transaction.atomic():
        Product.objects.filter(pk__in=[item.pk for item in made]).delete()
        transaction.set_rollback(True)
    assert not Former.objects.exists()
    Product.objects.filter(pk__in=[item.pk for item in made]).delete()
    assert set(Former.objects.values_list("model", "slug")) == {("product", f"thing-{n}") for n in range(3)}


def test_a_save_that_keeps_the_slug_remembers_nothing(hills: Product):
    hills.name = "Hills and dales"
    hills.save()
    Product.objects.update(popularity=7)
    assert not Former.objects.exists()


def test_many_slugs_at_once_are_remembered_and_those_taken_meanwhile_are_not():
    for number in range(5):
        make_product(f"Thing {number}", slug=f"thing-{number}")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE catalog_product SET slug = 'x' || slug")
        assert Former.objects.count() == 5
        cursor.execute("UPDATE catalog_product SET slug = substr(slug, 2) WHERE slug <> 'xthing-4'")
    assert set(Former.objects.values_list("slug", flat=True)) == {
        "thing-4",
        *(f"xthing-{n}" for n in range(4)),
    }
