"""The product's form: everything in one place, nothing undone, every mistake told."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.forms import CheckboxInput
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from catalog import stock
from catalog.admin.variant import CURRENCIES, label
from catalog.models import (
    AttributeValue,
    Card,
    Listing,
    Price,
    Product,
    ProductLink,
    Sale,
    Stock,
    StockMovement,
    Variant,
)
from shop.changes import projector
from shop.changes.models import Change
from tests.factories import (
    follow_changes,
    make_category,
    make_product,
    make_user,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def form_of(response: HttpResponse) -> dict[str, Any]:
    """What a browser would send back: every field of the form and of its rows as it stands."""
    context: Any = response.context  # type: ignore[attr-defined]
    forms = [context["adminform"].form]
    for rows in context["inline_admin_formsets"]:
        forms += [rows.formset.management_form, *rows.formset.forms]
    sent: dict[str, Any] = {}
    for bound in (bound for form in forms for bound in form):
        value = bound.field.widget.format_value(bound.value())
        if isinstance(bound.field.widget, CheckboxInput):
            value = "on" if bound.value() else None
        if value not in (None, [], [""]):
            sent[bound.html_name] = value[0] if isinstance(value, list) else value
    return sent


def errors_of(response: HttpResponse) -> list[Any]:
    """What the form complains about."""
    context: Any = response.context  # type: ignore[attr-defined]
    return list(context.get("fixes", [])) if context else []


def url_of(row: Any) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def edit(desk: Client, row: Any, **changes: Any) -> HttpResponse:
    """The row's form, sent back with these changes."""
    return desk.post(url_of(row), {**form_of(desk.get(url_of(row))), **changes})


def text(response: HttpResponse) -> str:
    return response.content.decode()


def test_saving_what_one_sees_notes_no_change(desk: Client) -> None:
    product = make_product(
        "Low hills", options={"size": ["A4", "A3"]}, values={"colour": "Red"}, category="Posters"
    )
    follow_changes()
    Change.objects.all().delete()
    assert edit(desk, product).status_code == 302
    assert list(Change.objects.values_list("model", flat=True)) == []


def test_the_form_says_how_texts_are_written(desk: Client) -> None:
    form = desk.get(reverse("admin:catalog_product_add")).context["adminform"].form
    for name in form.rich:  # shown as HTML, so a tag in it would be one
        assert "empty lines part paragraphs" in form.fields[name].help_text
        assert "<" not in form.fields[name].help_text


def test_a_price_is_set_on_the_products_page(desk: Client) -> None:
    product = make_product("Low hills", price="38.00", gbp=None)
    edit(desk, product, **{"variants-0-price_eur": "41.50", "variants-0-price_gbp": "36"})
    assert {p.currency: p.amount for p in Price.objects.all()} == {
        "EUR": Decimal("41.50"),
        "GBP": Decimal("36.00"),
    }
    assert CURRENCIES == ("EUR", "GBP")
    edit(desk, product, **{"variants-0-price_gbp": ""})
    assert Price.objects.filter(currency="GBP").count() == 0


def test_an_edit_reaches_the_card_by_way_of_the_bell(
    desk: Client, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    product = make_product("Low hills")
    follow_changes()
    rung = []
    monkeypatch.setattr(projector, "ring", lambda: rung.append(1))
    with django_capture_on_commit_callbacks(execute=True):
        edit(desk, product, name="High hills")
    assert rung
    follow_changes()
    assert Card.objects.get(market="eu").name == "High hills"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("x.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no picture that we know"),
        ("x.jpg", b"GIF89a nonsense", "no picture that we know"),
        ("x.jpg", b"", "empty"),
    ],
)
def test_a_file_that_is_no_picture_is_refused_beside_its_field(
    desk: Client, name: str, content: bytes, reason: str
) -> None:
    product = make_product()
    upload = SimpleUploadedFile(name, content, "image/jpeg")
    response = edit(
        desk,
        product,
        **{"images-TOTAL_FORMS": 1, "images-0-upload": upload, "images-0-position": 0, "images-0-alt": ""},
    )
    assert response.status_code == 200
    assert reason in text(response)
    assert product.images.count() == 0


def test_the_home_of_a_product_moves_and_stays_one(desk: Client) -> None:
    product = make_product("Low hills", category=[make_category("One"), make_category("Two")])
    both = edit(desk, product, **{"listings-1-is_primary": "on"})
    assert "one home" in text(both)
    data = form_of(desk.get(url_of(product)))
    del data["listings-0-is_primary"]
    assert desk.post(url_of(product), {**data, "listings-1-is_primary": "on"}).status_code == 302
    assert Listing.objects.get(is_primary=True).category.name == "Two"


def test_a_product_is_not_linked_to_itself(desk: Client) -> None:
    product = make_product()
    row = {
        "links-TOTAL_FORMS": 1,
        "links-0-other": product.pk,
        "links-0-kind": "companion",
        "links-0-position": 0,
    }
    assert "linked to itself" in text(edit(desk, product, **row))
    assert not ProductLink.objects.exists()


def test_two_variants_cannot_share_a_sku(desk: Client) -> None:
    make_product("Other", sku="TAKEN")
    product = make_product("Low hills")
    response = edit(desk, product, **{"variants-0-sku": "TAKEN-1"})
    assert response.status_code == 200
    assert Variant.objects.filter(sku="TAKEN-1").count() == 1


def test_publishing_in_bulk_writes_only_what_changes(desk: Client) -> None:
    on, off = make_product("On"), make_product("Off", published=False)
    follow_changes()
    url = reverse("admin:catalog_product_changelist")
    desk.post(url, {"action": "publish", "_selected_action": [on.pk, off.pk]})
    assert Product.objects.filter(is_published=True).count() == 2
    change = Change.objects.get(model="catalog.product", done_at=None)
    assert len(change.rows) == 1


def test_a_sale_may_run_beside_the_sales_of_other_prices(desk: Client) -> None:
    other = make_product(price="20").variants.get().prices.get(currency="EUR")
    Sale.objects.create(price=other, amount=15, starts_at=timezone.now())
    price = make_product(price="38").variants.get().prices.get(currency="EUR")
    begin = timezone.localtime().strftime("%Y-%m-%dT%H:%M:%S")
    rows = {"sales-TOTAL_FORMS": 1, "sales-0-amount": "30", "sales-0-starts_at": begin}
    assert edit(desk, price, **rows).status_code == 302
    assert price.sales.get().amount == 30


def test_sales_that_overlap_are_told_and_not_kept(desk: Client) -> None:
    price = make_product(price="38").variants.get().prices.get(currency="EUR")
    now = timezone.localtime()
    rows: dict[str, Any] = {"sales-TOTAL_FORMS": 2}
    for number, (begin, end) in enumerate(((0, 5), (3, 9))):
        rows[f"sales-{number}-amount"] = "30"
        rows[f"sales-{number}-starts_at"] = (now + timedelta(days=begin)).strftime("%Y-%m-%dT%H:%M:%S")
        rows[f"sales-{number}-ends_at"] = (now + timedelta(days=end)).strftime("%Y-%m-%dT%H:%M:%S")
    response = edit(desk, price, **rows)
    assert response.status_code == 200
    assert "overlaps the sale from" in text(response)
    assert not Sale.objects.exists()
    rows["sales-1-starts_at"] = (now + timedelta(days=6)).strftime("%Y-%m-%dT%H:%M:%S")
    assert edit(desk, price, **rows).status_code == 302
    price.refresh_from_db()
    assert price.sale_amount == 30
    assert "Sale is below" in text(edit(desk, price, **{"sales-0-amount": "38"})).replace("A sale", "Sale")


def test_a_count_does_not_undo_what_was_sold_while_the_form_was_open(desk: Client) -> None:
    variant = make_product(stock=10).variants.get()
    data = form_of(desk.get(url_of(variant.stock)))
    stock.reserve({variant.pk: 2})
    stock.ship({variant.pk: 2})
    assert desk.post(url_of(variant.stock), {**data, "counted": "12", "kind": "counted"}).status_code == 302
    assert Stock.objects.get(pk=variant.pk).on_hand == 10  # two more than there were, two of them sold
    moved = StockMovement.objects.filter(kind="counted").get()
    assert (moved.on_hand_change, moved.actor_id is not None) == (2, True)


def test_stock_below_what_is_reserved_is_refused_in_words(desk: Client) -> None:
    variant = make_product(stock=5).variants.get()
    stock.reserve({variant.pk: 4})
    assert "are reserved" in text(edit(desk, variant.stock, change="-2", kind="counted"))
    assert Stock.objects.get(pk=variant.pk).on_hand == 5
    assert edit(desk, variant.stock, change="-1", kind="counted").status_code == 302


def test_a_form_that_was_open_long_writes_only_what_it_changed(desk: Client) -> None:
    product = make_product("Low hills")
    data = form_of(desk.get(url_of(product)))
    Product.objects.filter(pk=product.pk).update(popularity=77)
    data.pop("popularity")
    desk.post(url_of(product), {**data, "popularity": "0", "name": "High hills"})
    product.refresh_from_db()
    assert product.name == "High hills"


def test_imported_variants_stand_by_their_options_and_others_as_they_are_numbered(desk: Client) -> None:
    item = make_product("Hood", options={"colour": ["Gray", "Black"], "size": ["M", "S"]})
    for place, name in enumerate(("Black", "Gray", "S", "M")):
        AttributeValue.objects.filter(label=name).update(position=place)

    def rows() -> list[str]:
        inline = desk.get(url_of(item)).context["inline_admin_formsets"][0]
        return [label(form.instance) for form in inline.formset.initial_forms]

    assert rows() == ["Gray, M", "Gray, S", "Black, M", "Black, S"]
    for variant in item.variants.all():
        variant.external_id = f"magento:{variant.pk}"
        variant.save()
    assert rows() == ["Black, S", "Black, M", "Gray, S", "Gray, M"]
