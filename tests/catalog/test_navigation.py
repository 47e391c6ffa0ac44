"""The header's sections: those that have no room in one line stand under "More", at each width once."""

import re

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from catalog.queries.navigation import NARROW, WIDE, NavigationItem, fitting, give_room
from tests.browsers import phone
from tests.catalog.conftest import Look
from tests.factories import make_category

NAMES = [
    *("Posters", "Art prints", "Notebooks", "Cards", "Books", "Ceramics", "Garden tools"),
    *("Wrapping paper", "Calendars", "Stickers"),
]


def items(*names: str) -> list[NavigationItem]:
    return [
        NavigationItem(name=name, slug="", url="", path="", is_current=False, room="always") for name in names
    ]


def test_few_sections_all_stand_in_the_line() -> None:
    few = items(*NAMES[:5])
    give_room(few)
    assert {item["room"] for item in few} == {"always"}


def test_many_sections_stand_in_the_line_from_the_first_on_more_of_them_where_it_is_wide() -> None:
    many = items(*NAMES)
    give_room(many)
    rooms = [item["room"] for item in many]
    assert rooms == sorted(rooms, key=["always", "wide", "never"].index)
    assert set(rooms) == {"always", "wide", "never"}


def test_wide_letters_and_endless_names_take_their_room() -> None:
    assert fitting(items(*["木木木木木木木木"] * 4), WIDE) < fitting(items(*["abcdefgh"] * 4), WIDE)
    assert fitting(items("x" * 120, "y"), NARROW) == 2
    assert fitting([], NARROW) == 0


@pytest.mark.django_db
def test_few_sections_need_no_menu(look: Look) -> None:
    for name in NAMES[:5]:
        make_category(name)
    assert "nav__more" not in look("/").html


@pytest.mark.django_db
def test_the_current_section_is_marked_under_more(look: Look) -> None:
    for name in NAMES:
        make_category(name)
    page = look("/c/stickers/").html
    assert "you are in Stickers" in page
    menu = re.search(r"<details.*?</details>", page, re.DOTALL)
    assert menu
    assert menu[0].count('aria-current="true"') == 1
    assert "you are in" not in look("/c/posters/").html


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("width", [390, 1000, 1280, 1440])
def test_each_section_is_seen_once_and_nothing_scrolls_sideways(page: Page, width: int) -> None:
    for name in NAMES:
        make_category(name)
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/c/stickers/")
    if width >= 992:
        page.locator(".more__title").click()
    seen = [link.inner_text() for link in page.locator(".nav a:visible").all()]
    assert sorted(seen) == sorted([*NAMES, "Sale"])
    assert page.evaluate("document.documentElement.scrollWidth") == width
    if width >= 992:
        last = page.locator(".nav__link.nav__link--sale").bounding_box()
        field = page.locator(".header__search").bounding_box()
        assert last
        assert field
        assert last["x"] + last["width"] <= field["x"]


@pytest.mark.django_db(transaction=True)
def test_more_is_worked_by_keys_and_closed_by_escape_by_leaving_and_by_a_click_elsewhere(page: Page) -> None:
    for name in NAMES:
        make_category(name)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto("/")
    menu, title = page.locator("details.more"), page.locator(".more__title")
    title.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "more__link"
    page.keyboard.press("Escape")
    assert not menu.evaluate("menu => menu.open")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Tab")
    page.wait_for_function("!document.querySelector('details.more').open")
    title.click()
    assert menu.evaluate("menu => menu.open")
    page.locator(".announcement").click()  # nothing there takes the focus
    assert not menu.evaluate("menu => menu.open")


@pytest.mark.django_db(transaction=True)
def test_a_phone_has_all_of_them_behind_one_press_without_a_script(
    browser: Browser, live_server: LiveServer
) -> None:
    """The line scrolls, and what is out of sight would be found by chance."""
    for name in NAMES:
        make_category(name)
    context = phone(browser, base_url=live_server.url, java_script_enabled=False)
    tab = context.new_page()
    tab.goto("/c/stickers/")
    menu = tab.locator("details.all")
    line = menu.bounding_box()
    assert line
    assert line["x"] + line["width"] <= 390
    menu.locator("summary").click()
    for name in (*NAMES, "Sale"):
        link = menu.get_by_role("link", name=name, exact=True)
        box = link.bounding_box()
        assert box, name
        assert 0 <= box["x"] <= box["x"] + box["width"] <= 390, name
    here = menu.locator("[aria-current]")
    assert here.inner_text() == "Stickers"
    tab.set_viewport_size({"width": 1280, "height": 800})
    assert not menu.is_visible()
    context.close()
