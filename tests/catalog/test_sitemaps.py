"""What crawlers are told: the addresses of each market, and what to leave alone."""

import re

import pytest
from django.test import Client

from catalog import sitemaps
from tests.factories import follow_changes, make_category, make_page, make_product

pytestmark = pytest.mark.django_db
SITE = "http://127.0.0.1:8000"


def locations(client: Client, path: str) -> list[str]:
    response = client.get(path, headers={"host": "localhost"})
    assert response.status_code == 200
    assert response["Content-Type"].startswith("application/xml")
    return re.findall("<loc>(.*?)</loc>", response.content.decode())


def test_every_address_that_can_be_seen_is_in_a_sitemap_of_its_market(client: Client) -> None:
    make_category("Posters")
    make_category("Closed", is_published=False)
    make_page("Returns")
    make_page("Draft", is_published=False)
    make_product("Here only", gbp=None)
    make_product("Everywhere")
    make_product("Hidden", published=False)
    follow_changes()
    assert locations(client, "/gb/sitemap.xml") == [
        f"{SITE}/gb/sitemap-pages.xml",
        f"{SITE}/gb/sitemap-products-1.xml",
    ]
    assert locations(client, "/sitemap-pages.xml") == [
        f"{SITE}/",
        f"{SITE}/c/posters/",
        f"{SITE}/info/returns/",
    ]
    assert locations(client, "/sitemap-products-1.xml") == [f"{SITE}/p/here-only/", f"{SITE}/p/everywhere/"]
    assert locations(client, "/gb/sitemap-products-1.xml") == [f"{SITE}/gb/p/everywhere/"]


def test_products_are_spread_over_files(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemaps, "PER_FILE", 2)
    for number in range(3):
        make_product(f"Thing {number}")
    follow_changes()
    assert len(locations(client, "/sitemap.xml")) == 3
    assert len(locations(client, "/sitemap-products-2.xml")) == 1
    assert client.get("/sitemap-products-3.xml").status_code == 404
    assert client.get("/sitemap-products-0.xml").status_code == 404


@pytest.mark.parametrize("number", ["50001", "9" * 23, "9" * 400])
def test_a_file_that_no_index_could_name_is_not_there(client: Client, number: str) -> None:
    assert client.get(f"/sitemap-products-{number}.xml").status_code == 404


def test_robots_are_asked_to_leave_what_is_private_alone_in_every_market(client: Client) -> None:
    text = client.get("/robots.txt").content.decode()
    assert "Disallow: /cart/\n" in text
    assert "Disallow: /gb/checkout/\n" in text
    assert f"Sitemap: {SITE}/sitemap.xml\n" in text
    assert f"Sitemap: {SITE}/gb/sitemap.xml\n" in text
