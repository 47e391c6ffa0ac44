"""Pages of text, and the page for what is not there."""

import pytest
from django.test import Client

from tests.catalog.conftest import Look
from tests.factories import follow_changes, make_category, make_page, make_product

pytestmark = pytest.mark.django_db


def test_a_page_shows_its_text_as_the_merchant_wrote_it(look: Look) -> None:
    make_page("Returns", body="<p>Send it <b>back</b>.</p>", summary="30 days")
    page = look("/info/returns/")
    assert "<p>Send it <b>back</b>.</p>" in page.html
    assert page["chrome"]["title"] == "Returns · Deckle"
    assert [crumb["name"] for crumb in page["chrome"]["breadcrumbs"]] == ["Home", "Returns"]


def test_a_draft_and_what_never_was_are_not_there(look: Look) -> None:
    make_page("Draft", is_published=False)
    assert look("/info/draft/").status == 404
    assert look("/info/never/").status == 404


def test_the_old_address_of_a_page_leads_to_the_new_one(client: Client) -> None:
    page = make_page("Delivery", slug="delivery")
    page.slug = "shipping"
    page.save()
    follow_changes()
    for mount in ("", "/gb"):
        answer = client.get(f"{mount}/info/delivery/")
        assert (answer.status_code, answer["Location"]) == (301, f"{mount}/info/shipping/")
    page.is_published = False
    page.save()
    follow_changes()
    assert client.get("/info/delivery/").status_code == 404
    page.delete()
    follow_changes()
    assert [client.get(f"/info/{slug}/").status_code for slug in ("delivery", "shipping")] == [410, 410]


@pytest.mark.parametrize("published", [True, False])
def test_a_price_leads_to_the_terms_of_delivery_where_they_can_be_read(look: Look, published: bool) -> None:
    make_product("Pen")
    make_page("Delivery", slug="delivery", is_published=published)
    follow_changes()
    assert ('href="/info/delivery/"' in look("/p/pen/").html) == published
    assert "delivery" in look("/p/pen/").html


def test_what_is_not_there_still_shows_the_shelves(look: Look) -> None:
    make_category("Posters")
    page = look("/gb/nowhere/")
    assert page.status == 404
    assert 'href="/gb/c/posters/"' in page.html
    assert '<meta name="robots" content="noindex">' in page.html


def test_what_is_not_there_asks_nothing_about_the_visitor(client: Client) -> None:
    response = client.get("/c/nowhere/")
    assert response.status_code == 404
    assert not response.cookies
    assert "Cookie" not in response.get("Vary", "")
