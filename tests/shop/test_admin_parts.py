"""Parts of the desk's forms that fold: closed they say what is inside, with an error inside they are open."""

import re

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from catalog.models import Variant
from tests.catalog.test_admin_product import edit, form_of, text, url_of
from tests.factories import make_category, make_image, make_product, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def parts(response: HttpResponse) -> dict[str, tuple[bool, str]]:
    """Heading: is it open, and what it says of its inside."""
    found = {}
    for attributes, inside in re.findall(
        r'<details class="part"([^>]*)>\s*<summary>(.*?)</summary>', text(response), re.S
    ):
        heading = re.search(r"<h2[^>]*>(.*?)</h2>", inside, re.S)
        gist = re.search(r'<span class="gist">(.*?)</span>', inside, re.S)
        assert heading
        assert gist
        found[heading[1].strip()] = (" open" in attributes, gist[1].strip())
    return found


def test_a_closed_part_says_what_is_inside(desk: Client) -> None:
    product = make_product(
        "Low hills",
        options={"size": ["A4", "A3"]},
        price=["38.00", "1234.50"],
        stock=[0, 5],
        values={"colour": "Red"},
        category=[make_category("One"), make_category("Two")],
        care="<p>Keep it dry.</p>",
        popularity=77,
    )
    make_image(product)
    found = parts(desk.get(url_of(product)))
    assert list(found)[:5] == ["Variants", "Pictures", "Categories", "Attributes", "Links"]
    assert not any(is_open for is_open, _gist in found.values())
    gists = {name: gist for name, (_open, gist) in found.items()}
    assert gists["Variants"] == "2 · €38.00 – €1,234.50 · 1 sold out"
    assert gists["Pictures"].startswith("1 <")
    assert 'class="thumbnail' in gists["Pictures"]
    assert gists["Categories"] == "2 · One (its home), Two"
    assert gists["Attributes"] == "1 · Red"
    assert gists["Links"] == "none yet"
    assert gists["Care"] == "Keep it dry."
    assert gists["Selling"].endswith("Tax class: Standard · Popularity: 77")


def test_a_part_with_an_error_is_open_and_the_others_stay_closed(desk: Client) -> None:
    product = make_product("Low hills", options={"size": ["A4", "A3"]})
    found = parts(edit(desk, product, **{"popularity": "-1", "variants-1-price_eur": "-3"}))
    assert {name for name, (is_open, _gist) in found.items() if is_open} == {"Variants", "Selling"}


def test_a_complaint_about_all_rows_opens_them_too(desk: Client) -> None:
    product = make_product("Low hills", category=[make_category("One"), make_category("Two")])
    found = parts(edit(desk, product, **{"listings-1-is_primary": "on"}))
    assert found["Categories"][0]


def test_what_is_new_is_open_from_top_to_bottom(desk: Client) -> None:
    found = parts(desk.get(reverse("admin:catalog_product_add")))
    assert found
    assert all(is_open for is_open, _gist in found.values())


def test_without_a_script_a_link_brings_empty_rows(desk: Client) -> None:
    product = make_product("Low hills")
    assert '<a href="?more=variant#variants-heading">' in text(desk.get(url_of(product)))
    url = f"{url_of(product)}?more=variant"
    answer = desk.get(url)
    assert parts(answer)["Variants"][0]
    sent = form_of(answer)
    assert int(sent["variants-TOTAL_FORMS"]) == 4
    assert desk.post(url, sent).status_code == 302
    assert product.variants.count() == 1
    assert desk.post(url, {**sent, "variants-2-sku": "HILL-2"}).status_code == 302
    assert set(product.variants.values_list("sku", flat=True)) >= {"HILL-2"}


def fixes(response: HttpResponse) -> dict[str, tuple[str, str]]:
    found = response.context["fixes"]  # type: ignore[attr-defined]
    return {fix.target: (fix.label, fix.text) for fix in found}


def test_a_taken_sku_is_told_at_its_field(desk: Client) -> None:
    make_product("Two suns", sku="TAKEN")
    product = make_product("Low hills", options={"size": ["A4", "A3"]})
    answer = edit(desk, product, **{"variants-1-sku": "TAKEN-1"})
    assert fixes(answer) == {
        "id_variants-1-sku": ("Variants, row 2: SKU", "“Two suns” has this SKU already: give another one.")
    }
    assert "row-form-errors" not in text(answer)
    alone = edit(desk, product.variants.order_by("pk")[0], sku="TAKEN-1")
    assert list(fixes(alone)) == ["id_sku"]


def test_a_sku_twice_in_one_form_is_told_at_the_second_row(desk: Client) -> None:
    product = make_product("Low hills", options={"size": ["A4", "A3"]})
    twice = {"variants-0-sku": "SAME", "variants-1-sku": "SAME"}
    assert fixes(edit(desk, product, **twice)) == {
        "id_variants-1-sku": ("Variants, row 2: SKU", "Row 1 has this SKU too: give each its own.")
    }
    assert not Variant.objects.filter(sku="SAME").exists()
    assert edit(desk, product, **twice, **{"variants-0-DELETE": "on"}).status_code == 302


def test_a_sku_that_stays_is_no_complaint(desk: Client) -> None:
    product = make_product("Low hills", sku="HILL")
    assert edit(desk, product, **{"variants-0-sku": "HILL-1", "variants-0-barcode": "7"}).status_code == 302
