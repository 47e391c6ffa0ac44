"""The desk's lists: what their heads, filters, cells and messages say, and what stands where nothing is."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import translation
from django.utils.html import strip_tags

from accounts.models import Address, User
from catalog.models import Block, Product, Review, Stock
from shop.desk import cells
from shop.outbox.models import Message
from tests.factories import (
    make_category,
    make_delivery,
    make_page,
    make_product,
    make_review,
    make_tax_class,
    make_user,
)

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 23, 13, 5, tzinfo=UTC)


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def listed(desk: Client, name: str, **query: str) -> Any:
    return desk.get(reverse(f"admin:{name}_changelist"), query)


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def act(desk: Client, name: str, action: str, *rows: Any) -> list[str]:
    data = {"action": action, "_selected_action": [row.pk for row in rows], "post": "yes"}
    answer = desk.post(reverse(f"admin:{name}_changelist"), data, follow=True)
    return [str(message) for message in answer.context["messages"]]


# --- Head and filters ------------------------------------------------------------------------------------


def test_a_heading_says_what_and_how_many(desk: Client) -> None:
    make_product("One")
    assert "<h1>1 product</h1>" in text_of(listed(desk, "catalog_product"))
    make_product("Two")
    assert "<h1>2 products</h1>" in text_of(listed(desk, "catalog_product"))
    assert "<h1>2 stock items</h1>" in text_of(listed(desk, "catalog_stock"))


def test_filters_read_as_names_and_not_as_columns(desk: Client) -> None:
    Address.objects.create(
        user=make_user(), name="Ada", line1="1", postcode="10117", city="Berlin", country="DE"
    )
    text = text_of(listed(desk, "accounts_address"))
    assert "<summary> Country </summary>" in text
    assert ">Germany</a>" in text
    assert ">DE<" not in text
    assert "By " not in re.sub(r"<script.*?</script>", "", text)


def test_a_filter_in_use_says_its_value_beside_its_name(desk: Client) -> None:
    make_product("One", published=False)
    text = text_of(listed(desk, "catalog_product", state="off"))
    assert "State: <strong>Not published</strong>" in text
    assert "Clear all filters" in text


def test_a_filter_takes_what_it_offers(desk: Client) -> None:
    for country in ("DE", "AT"):
        Address.objects.create(
            user=make_user(), name=country, line1="1", postcode="1", city="x", country=country
        )
    answer = listed(desk, "accounts_address", country="AT")
    assert [row.name for row in answer.context["cl"].result_list] == ["AT"]


def test_no_list_promotes_more_than_three_filters() -> None:
    many = {str(model._meta): len(table.list_filter) for model, table in admin.site._registry.items()}
    assert {name: count for name, count in many.items() if count > 3} == {}


def test_every_bulk_action_is_a_verb_with_its_noun() -> None:
    request = RequestFactory().get("/")
    request.user = User(is_staff=True, is_superuser=True, is_active=True)
    titles = {
        str(title) % {"verbose_name_plural": table.opts.verbose_name_plural}
        for table in admin.site._registry.values()
        if table.actions is not None
        for _function, _name, title in table.get_actions(request).values()
    }
    assert {"Publish products", "Delete products", "Cancel orders", "Retry messages"} <= titles
    assert [title for title in titles if "selected" in title or " " not in title] == []


def test_a_cell_carries_its_columns_name_for_narrow_screens(desk: Client) -> None:
    make_product("Low hills", kind="Print")
    text = text_of(listed(desk, "catalog_product"))
    assert '<td data-label="Kind" class="field-kind">Print</td>' in text
    assert '<th data-label="Name" class="field-name">' in text


# --- Cells -----------------------------------------------------------------------------------------------


def test_dates_have_one_format_everywhere(desk: Client) -> None:
    product = make_product("Low hills")
    Product.objects.filter(pk=product.pk).update(updated_at=AT, created_at=AT)
    Message.objects.create(job="orders.x", due_at=AT, dead_at=AT)
    Message.objects.update(created_at=AT)
    form = text_of(desk.get(reverse("admin:catalog_product_change", args=[product.pk])))
    rows = text_of(listed(desk, "catalog_product")), text_of(listed(desk, "outbox_message"))
    for text in (form, *rows):
        assert "23 Nov 2026, 14:05" in text
        assert not re.search(r"Nov\. 23|11/23/2026|[ap]\.m\.", text)


def test_another_language_writes_dates_its_own_way() -> None:
    with translation.override("de"):
        assert "23. November 2026 14:05" in cells.moment(AT)


def test_countries_and_rates_are_words_of_the_language(desk: Client) -> None:
    make_delivery(["DE", "AT"])
    make_tax_class("reduced", {"DE": "0.07", "FR": "0.055"})
    zones = text_of(listed(desk, "catalog_zone"))
    rates = text_of(listed(desk, "catalog_taxclass"))
    assert "Austria, Germany" in zones
    assert "Germany 7%" in rates
    assert "France 5.5%" in rates
    with translation.override("de"):
        assert cells.country("DE") == "Deutschland"
    assert cells.country("XQ") == "XQ"


def test_a_stock_level_lists_what_the_shop_shows_as_such(desk: Client) -> None:
    out, low, full = (make_product(name, stock=stock) for name, stock in (("A", 0), ("B", 2), ("C", 50)))
    gone = make_product("D", stock=0)
    gone.variants.update(is_active=False)
    for state, wanted in (("out", out), ("low", low)):
        rows = listed(desk, "catalog_stock", level=state).context["cl"].result_list
        assert [row.variant.product_id for row in rows] == [wanted.pk]
    assert Stock.objects.filter(variant__product=full).exists()


# --- Nothing there ---------------------------------------------------------------------------------------


def test_an_empty_list_says_what_to_do_with_one_button(desk: Client) -> None:
    text = text_of(listed(desk, "catalog_page"))
    assert "<h2>Add the first page</h2>" in text
    assert f'class="button default" href="{reverse("admin:catalog_page_add")}">Add page</a>' in text


def test_a_search_without_a_result_leads_back_to_all(desk: Client) -> None:
    make_page("Delivery")
    for query in ({"q": "zzz"}, {"is_published__exact": "0"}):
        text = text_of(listed(desk, "catalog_page", **query))
        assert "<h2>Search more widely</h2>" in text
        assert 'href="?">Show all pages</a>' in text


def test_who_may_not_add_is_not_asked_to(client: Client) -> None:
    helper = make_user(is_staff=True)
    helper.groups.add(Group.objects.get(name="Support"))
    client.force_login(helper)
    text = text_of(listed(client, "catalog_product"))
    assert "Wait for the first product" in text
    assert "Add product" not in text


# --- Said afterwards -------------------------------------------------------------------------------------


def test_what_was_done_is_said_in_three_words(desk: Client) -> None:
    category = make_category("Posters")
    url = reverse("admin:catalog_category_change", args=[category.pk])
    form = {"name": "Prints", "slug": "prints", "description": "", "is_published": "on"}
    said = []
    for target in (url, reverse("admin:catalog_category_add")):
        answer = desk.post(target, {**form, "slug": f"s{len(said)}"}, follow=True)
        said += [str(message) for message in answer.context["messages"]]
    answer = desk.post(
        reverse("admin:catalog_category_delete", args=[category.pk]), {"post": "yes"}, follow=True
    )
    said += [str(message) for message in answer.context["messages"]]
    assert said == ["Category updated", "Category added", "Category deleted"]


def test_what_was_done_to_many_is_counted_in_three_words(desk: Client) -> None:
    first, second = make_product("One", published=False), make_product("Two")
    review = make_review(first)
    assert act(desk, "catalog_product", "publish", first, second) == ["1 product published"]
    assert act(desk, "catalog_review", "unpublish", review) == ["1 review unpublished"]
    assert act(desk, "catalog_review", "delete_selected", review) == ["1 review deleted"]
    assert act(desk, "catalog_product", "delete_selected", first, second) == ["2 products deleted"]
    assert not Review.objects.exists()
    assert not Product.objects.exists()


def test_a_list_that_is_edited_says_so_in_two_words(desk: Client) -> None:
    block = Block.objects.create(kind=Block.Kind.HERO, title="Hello", position=1)
    url = reverse("admin:catalog_block_changelist")
    data = {
        **{"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": block.pk},
        **{"form-0-position": 7, "form-0-is_published": "on", "_save": "Save"},
    }
    answer = desk.post(url, data, follow=True)
    assert [str(message) for message in answer.context["messages"]] == ["Changes saved"]
    assert 'aria-label="Position: Hello"' in text_of(desk.get(url))
    answer = desk.post(url, {**data, "form-0-position": "-1"})
    assert "Blocks, row 1: Position" in text_of(answer)
    assert 'href="#id_form-0-position"' in text_of(answer)
    block.refresh_from_db()
    assert block.position == 7


def test_every_thing_on_the_desk_has_a_name_of_two_words_at_most() -> None:
    """Or "… updated" would be longer than three."""
    long = [
        table.named(1)
        for table in admin.site._registry.values()
        if hasattr(table, "named") and len(table.named(1).split()) > 2
    ]
    assert long == []


# --- The outbox ------------------------------------------------------------------------------------------


def test_the_outbox_is_read_and_its_dead_letters_start_anew(desk: Client) -> None:
    dead = Message.objects.create(
        job="orders.send_confirmation", args=[4], dead_at=AT, tries=5, error="Traceback …\nValueError: Boom\n"
    )
    done = Message.objects.create(job="orders.send_confirmation", args=[5], done_at=AT)
    rows = listed(desk, "outbox_message", state="dead").context["cl"].result_list
    assert [row.pk for row in rows] == [dead.pk]
    text = text_of(listed(desk, "outbox_message", state="dead"))
    cells = re.findall(r'class="field-(arguments|attempts|cause)[^"]*">(.*?)</td>', text)
    assert [(name, strip_tags(cell)) for name, cell in cells] == [
        ("arguments", "4"),
        ("attempts", "5"),
        ("cause", "ValueError: Boom"),
    ]
    page = text_of(desk.get(reverse("admin:outbox_message_change", args=[dead.pk])))
    assert "<h1>orders.send_confirmation (4)</h1>" in page
    assert "Boom" in page
    assert 'name="_save"' not in page
    assert act(desk, "outbox_message", "replay_dead", done) == [
        "None of these had been given up: there is nothing to retry."
    ]
    assert act(desk, "outbox_message", "replay_dead", dead, done) == ["1 message retried"]
    dead.refresh_from_db()
    assert (dead.dead_at, dead.tries) == (None, 0)


def test_support_reads_no_outbox_and_who_only_reads_it_retries_nothing(client: Client) -> None:
    dead = Message.objects.create(job="orders.x", dead_at=AT)
    helper = make_user(is_staff=True)
    helper.groups.add(Group.objects.get(name="Support"))
    client.force_login(helper)
    assert listed(client, "outbox_message").status_code == 403
    data = {"action": "replay_dead", "_selected_action": [dead.pk]}
    assert client.post(reverse("admin:outbox_message_changelist"), data).status_code == 403
    helper.user_permissions.add(Permission.objects.get(codename="view_message"))
    assert "Retry messages" not in text_of(listed(client, "outbox_message"))
    client.post(reverse("admin:outbox_message_changelist"), data)
    dead.refresh_from_db()
    assert dead.dead_at is not None
