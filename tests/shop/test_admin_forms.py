"""The desk's forms: what is wrong is a list of what to mend, each with the way to its field."""

import re
from typing import Any

import pytest
from django import forms
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from accounts.models import Address, User
from catalog.models import Image, Mat, Price
from shop.desk.fixes import Fix, fixes, reword
from tests.catalog.test_admin_product import edit, text, url_of
from tests.factories import make_category, make_image, make_product, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def test_the_banner_names_every_wrong_field_and_leads_to_it(desk: Client) -> None:
    product = make_product("Low hills", options={"size": ["A4", "A3"]}, category="Posters")
    make_image(product)
    wrong = {"name": "", "slug": "a b", "variants-1-price_eur": "-3", "images-0-position": "x"}
    answer = edit(desk, product, **wrong)
    page = text(answer)
    found = {fix.target: (fix.label, fix.text) for fix in answer.context["fixes"]}  # type: ignore[attr-defined]
    assert found == {
        "id_name": ("Name", "Fill this in."),
        "id_slug": ("Slug", "Use letters, digits, hyphens and underscores only, and no spaces."),
        "id_variants-1-price_eur": ("Variants, row 2: EUR", "Give 0 or more."),
        "id_images-0-position": ("Pictures, row 1: Position", "Enter a whole number."),
    }
    for target, (label, _text) in found.items():
        assert f'<a href="#{target}">{label}</a>' in page
        assert page.count(f'id="{target}"') == 1
    assert "<title>Error: Low hills" in page
    assert "4 things to mend" in page
    assert 'id="fixes" tabindex="-1" autofocus' in page
    assert "correct the error" not in page


def test_what_is_wrong_with_all_rows_together_leads_to_their_heading(desk: Client) -> None:
    product = make_product("Low hills", category=[make_category("One"), make_category("Two")])
    page = text(edit(desk, product, **{"listings-1-is_primary": "on"}))
    assert '<a href="#listings-heading">Categories</a>' in page
    assert 'id="listings-heading"' in page


def test_a_row_that_goes_is_not_to_be_mended(desk: Client) -> None:
    product = make_product("Low hills", options={"size": ["A4", "A3"]})
    going = {"variants-1-price_eur": "-3", "variants-1-DELETE": "on"}
    answer = edit(desk, product, name="", **going)
    assert [fix.label for fix in answer.context["fixes"]] == ["Name"]  # type: ignore[attr-defined]
    assert edit(desk, product, **going).status_code == 302


def test_a_right_form_has_no_banner(desk: Client) -> None:
    assert 'id="fixes"' not in text(desk.get(url_of(make_product())))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (forms.CharField(), ""),
        (forms.SlugField(), "a b"),
        (forms.EmailField(), "ada"),
        (forms.JSONField(), "{"),
        (forms.DateTimeField(), "soon"),
        (forms.TimeField(), "noon"),
        (forms.IntegerField(min_value=0), "-1"),
        (forms.DecimalField(max_value=100), "101"),
        (forms.ModelChoiceField(User.objects.all()), "99"),
        (forms.ModelChoiceField(User.objects.all()), ""),
        (forms.FileField(), ""),
    ],
)
def test_no_complaint_says_invalid(field: forms.Field, value: str) -> None:
    reword(field)
    form = type("Form", (forms.Form,), {"thing": field})({"thing": value})
    (fix,) = fixes(form)
    assert fix.label == "Thing"
    assert fix.text
    assert "valid" not in fix.text


def test_words_that_somebody_chose_are_kept() -> None:
    field = forms.CharField(error_messages={"required": "Who is it?"})
    reword(field)
    form = type("Form", (forms.Form,), {"thing": field})({})
    assert fixes(form) == [Fix("Thing", "Who is it?", "id_thing")]


def test_a_control_that_nobody_sees_is_named_without_a_link() -> None:
    form = type("Form", (forms.Form,), {"seen": forms.IntegerField(widget=forms.HiddenInput)})({"seen": "x"})
    assert [fix.target for fix in fixes(form)] == [""]


def test_a_country_is_chosen_by_its_name(desk: Client) -> None:
    address = Address.objects.create(
        user=make_user(), name="Ada", line1="1", postcode="1", city="x", country="DE"
    )
    page = text(desk.get(url_of(address)))
    assert '<option value="DE" selected>Germany</option>' in page
    assert ">Eurozone<" not in page
    assert edit(desk, address, country="FR").status_code == 302
    assert edit(desk, address, country="XX").status_code == 200
    address.refresh_from_db()
    assert address.country == "FR"


def test_choices_begin_with_a_capital(desk: Client) -> None:
    page = text(desk.get(reverse("admin:catalog_attribute_add")))
    names = re.findall(r"<option value=\"\w+\"[^>]*>([^<]+)</option>", page)
    assert names
    assert [name for name in names if name != name[:1].upper() + name[1:]] == []


def test_a_picture_chooses_its_mat_among_the_others_fields(desk: Client) -> None:
    product = make_product("Low hills")
    image = make_image(product)
    assert edit(desk, product, **{"images-0-mat": Mat.SAGE}).status_code == 302
    image.refresh_from_db()
    assert image.mat == Mat.SAGE
    assert edit(desk, image, mat="", alt="Hills").status_code == 302
    assert Image.objects.get().mat == ""


def test_a_page_is_called_what_it_shows(desk: Client) -> None:
    product = make_product("Low hills", sku="HILL", options={"size": ["A4"]})
    assert "<h1>HILL-1 · €38.00</h1>" in text(desk.get(url_of(Price.objects.get(currency="EUR"))))
    assert "<h1>Low hills · A4</h1>" in text(desk.get(url_of(product.variants.get().stock)))


def test_without_a_script_the_bar_is_the_row_of_buttons(desk: Client) -> None:
    page = text(desk.get(url_of(make_product())))
    assert '<p class="unsaved" role="status" hidden>Unsaved product</p>' in page
    assert 'class="button discard" href="" hidden' in page
    assert 'name="_save"' in page


def test_who_only_looks_sees_nothing_of_a_password(client: Client, desk: Client) -> None:
    ada = make_user("ada@example.com")
    assert "Reset password" in text(desk.get(url_of(ada)))
    helper = make_user(is_staff=True)
    helper.groups.add(Group.objects.get(name="Support"))
    client.force_login(helper)
    page = text(client.get(url_of(ada)))
    assert "ada@example.com" in page
    assert "algorithm" not in page
    assert "Reset password" not in page


def test_deleting_asks_with_the_parts_counted(desk: Client) -> None:
    product = make_product("Low hills", options={"size": ["A4", "A3"]})
    page = text(desk.get(reverse("admin:catalog_product_delete", args=[product.pk])))
    assert "<h1>Delete Low hills?</h1>" in page
    assert "<li>Variants: 2</li>" in page
    data: dict[str, Any] = {"action": "delete_selected", "_selected_action": [product.pk]}
    page = text(desk.post(reverse("admin:catalog_product_changelist"), data))
    assert "Delete the selected product?" in page
    assert "<li>Variants: 2</li>" in page
