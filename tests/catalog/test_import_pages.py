"""Magento's content pages: their text, and nothing of its theme."""

from pathlib import Path

import pytest
from django.test import Client

from catalog.models import Page
from tests.catalog.magento import load, problems, text
from tests.factories import make_page, make_tax_class

pytestmark = pytest.mark.django_db
HEADER = ("title", "identifier", "content_heading", "content", "is_active")


@pytest.fixture(autouse=True)
def _taxes() -> None:
    make_tax_class()


def page(folder: Path, content: str, identifier: str = "about-us", **cells: str) -> Path:
    path = folder / "pages.csv"
    row = {"title": "About us", "identifier": identifier, "content": content, "is_active": "1", **cells}
    path.write_text(text([row], HEADER))
    return path


@pytest.mark.parametrize(
    ("content", "left", "reason"),
    [
        ("<p>Hello {{widget type='x' id=\"1\"}}there</p>", "<p>Hello there</p>", "directive"),
        ("<p>Hello</p><script>alert(1)</script>", "<p>Hello</p>", "Scripts"),
        ('<p onclick="x()">Hello</p><iframe src="//x"></iframe>', "<p>Hello</p>", "Scripts"),
        ('<p><a href="{{store url="contact"}}">Us</a></p>', "<p>Us</p>", "leads to no page"),
    ],
)
def test_what_cannot_be_shown_is_left_out_and_named(
    tmp_path: Path, content: str, left: str, reason: str
) -> None:
    found = problems(page(tmp_path, content), folder=tmp_path, level="warning")
    assert Page.objects.get().body == left
    assert [reason in told for _line, told in found if "unpublished" not in told] == [True]


def test_links_lead_to_pages_and_to_the_shop(tmp_path: Path, client: Client) -> None:
    links = '<p><a href="{{store url=\'about-us\'}}">Us</a> <a href="{{store url=""}}">Shop</a></p>'
    said = load(page(tmp_path, links))
    assert "1 page waits unpublished: it speaks of another shop." in said
    assert client.get("/info/about-us/").status_code == 404
    Page.objects.update(is_published=True)
    assert "unpublished" not in load(page(tmp_path, links))
    body = client.get("/info/about-us/").content.decode()
    assert '<a href="/info/about-us/" rel="noopener">Us</a> <a href="/" rel="noopener">Shop</a>' in body


def test_a_page_of_that_address_is_the_merchants_own(tmp_path: Path) -> None:
    make_page("About us", body="<p>Ours</p>")
    load(page(tmp_path, "<p>Theirs</p>"))
    assert Page.objects.get().body == "<p>Ours</p>"


def test_a_page_without_a_text_or_that_the_shop_makes_itself_is_named(tmp_path: Path) -> None:
    path = page(tmp_path, "<p>Welcome</p>", "home")
    assert "by itself" in problems(path, folder=tmp_path, level="warning")[0][1]
    path = page(tmp_path, "<div></div>")
    assert "Nothing of this page" in problems(path, folder=tmp_path, level="warning")[0][1]
    path = page(tmp_path, "<p>x</p>", "///")
    assert "no address" in problems(path, folder=tmp_path)[0][1]
    assert not Page.objects.exists()
