"""The search field while one types: by keys as the Authoring Practices have it, by mouse, and by finger."""

import re

import pytest
from playwright.sync_api import Locator, Page, Request, Route, expect

from catalog.search import demand
from shop.markets import Market
from tests.browsers import faults
from tests.factories import follow_changes, make_category, make_product
from tests.journeys.conftest import Open
from tests.journeys.shop import make_shop

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def goods(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of everything there is more than is suggested."""
    make_shop()
    make_category("Sunday papers", parent=make_category("Notebooks"))
    make_category("Suns", parent=make_category("Posters"))
    make_category("Sunsets")
    for number in range(5):
        make_product(f"Sun, sheet {number}", price="9.00")
    follow_changes()
    said = ("sun", "sun & <b>sea", "sunflower", "sunset over the sea")

    def popular(market: Market, prefix: str, limit: int) -> list[str]:
        return [query for query in said if query.startswith(prefix)][:limit]

    monkeypatch.setattr(demand, "popular", popular)


def field(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Search the shop")


def options(page: Page) -> Locator:
    return page.get_by_role("option")


def chosen(page: Page) -> str | None:
    """The words of the option that the field points to; it alone is selected."""
    told: str | None = page.evaluate(
        """() => {
            const pointed = document.querySelector("#search").getAttribute("aria-activedescendant");
            const selected = [...document.querySelectorAll("[role=option][aria-selected=true]")];
            if (selected.length !== (pointed ? 1 : 0) || (pointed && selected[0].id !== pointed)) return "!";
            return pointed && selected[0].querySelector(".suggest__name").textContent.trim();
        }"""
    )
    return told


def asked(page: Page) -> list[str]:
    """Addresses of suggestions that the page asks for from now on."""
    found = list[str]()

    def note(request: Request) -> None:
        if "/search/suggest/" in request.url:
            found.append(request.url.partition("q=")[2])

    page.on("request", note)
    return found


def test_it_is_used_by_keys_as_a_combobox_is(opened: Open) -> None:
    page = opened("/info/delivery/")
    box = field(page)
    expect(box).to_have_attribute("aria-expanded", "false")
    expect(box).to_have_attribute("aria-autocomplete", "list")
    box.press_sequentially("s")
    expect(page.get_by_role("listbox")).to_be_hidden()
    box.press_sequentially("un")
    expect(box).to_have_attribute("aria-expanded", "true")
    listbox = page.get_by_role("listbox", name="Suggestions")
    expect(listbox).to_have_id(box.get_attribute("aria-controls") or "")
    expect(options(page)).to_have_count(10)
    expect(page.get_by_role("status").filter(has_text="Suggestions: 10")).to_have_count(1)
    assert page.get_by_role("group").count() >= 3
    assert chosen(page) is None
    for key, expected in (
        ("ArrowDown", "Two suns over Cadiz"),
        ("ArrowDown", "Sun, sheet 0"),
        ("ArrowUp", "Two suns over Cadiz"),
        ("ArrowUp", "sunset over the sea"),  # round
        ("ArrowDown", "Two suns over Cadiz"),
        ("End", None),  # the cursor moves in what was typed
        ("ArrowUp", "sunset over the sea"),
        ("ArrowLeft", None),
        ("ArrowDown", "Two suns over Cadiz"),
        ("Home", None),
    ):
        box.press(key)
        assert chosen(page) == expected, key
        expect(box).to_be_focused()
    box.press("ArrowDown")
    box.press("x")
    expect(box).to_have_value("xsun")  # it is where the cursor was
    assert chosen(page) is None
    expect(listbox).to_be_hidden()
    box.press("Backspace")
    expect(listbox).to_be_visible()
    box.press("Escape")
    expect(listbox).to_be_hidden()
    expect(box).to_have_value("sun")
    box.press("Alt+ArrowDown")
    expect(listbox).to_be_visible()
    assert chosen(page) is None
    box.press("Alt+ArrowUp")
    expect(listbox).to_be_hidden()
    box.press("ArrowDown")
    expect(listbox).to_be_visible()
    assert chosen(page) == "Two suns over Cadiz"
    box.press("Tab")
    expect(box).not_to_be_focused()
    expect(listbox).to_be_hidden()
    expect(box).to_have_attribute("aria-expanded", "false")
    expect(page.get_by_role("status").filter(has_text="Suggestions")).to_have_count(0)
    box.focus()
    box.press("Escape")
    expect(box).to_have_value("")


def test_enter_goes_to_the_suggestion_or_searches(opened: Open) -> None:
    page = opened("/info/delivery/")
    box = field(page)
    box.press_sequentially("Sun")
    expect(options(page)).to_have_count(10)
    box.press("ArrowDown")
    box.press("Enter")
    expect(page).to_have_url(re.compile("/p/two-suns-over-cadiz/$"))
    field(page).press_sequentially("Sun")
    expect(options(page)).to_have_count(10)
    field(page).press("ArrowUp")
    field(page).press("Enter")
    expect(page).to_have_url(re.compile(r"/search/\?q=sunset\+over\+the\+sea$"))
    expect(field(page)).to_have_value("sunset over the sea")  # and there it is edited
    expect(page.get_by_role("listbox")).to_be_hidden()
    field(page).fill("Suns two")
    expect(options(page).first).to_be_visible()
    field(page).press("Enter")
    expect(page).to_have_url(re.compile(r"/search/\?q=Suns\+two$"))
    page.go_back()
    expect(page.get_by_role("listbox")).to_be_hidden()


@pytest.mark.parametrize("has_touch", [False, True], ids=["mouse", "finger"])
def test_a_click_or_a_tap_follows_one_and_elsewhere_it_closes(opened: Open, has_touch: bool) -> None:
    page = opened("/info/delivery/", is_narrow=has_touch, has_touch=has_touch)
    box, listbox = field(page), page.get_by_role("listbox")
    act = "tap" if has_touch else "click"
    getattr(box, act)()
    box.press_sequentially("sun")
    expect(listbox).to_be_visible()
    getattr(page.locator("footer"), act)(position={"x": 2, "y": 2})
    expect(listbox).to_be_hidden()
    getattr(box, act)()
    expect(listbox).to_be_visible()
    getattr(page.get_by_role("button", name="Clear the search"), act)()
    expect(listbox).to_be_hidden()
    expect(box).to_have_value("")
    expect(box).to_be_focused()
    expect(page.get_by_role("button", name="Clear the search")).to_be_hidden()
    box.press_sequentially("sun")
    getattr(options(page).filter(has_text="sea").first, act)()
    expect(page).to_have_url(re.compile(r"/search/\?q=sun\+%26\+%3Cb%3Esea$"))


def test_a_phone_shows_eight_and_axe_finds_nothing_on_any_screen(opened: Open) -> None:
    page = opened("/info/delivery/", is_narrow=True)
    field(page).press_sequentially("sun")
    expect(options(page)).to_have_count(8)
    expect(page.get_by_role("status").filter(has_text="Suggestions: 8")).to_have_count(1)
    box = page.get_by_role("listbox").bounding_box()
    assert box
    assert (box["x"], box["width"]) == (0, 390)
    names = [field(page).press("ArrowDown") or chosen(page) for _option in range(9)]
    assert names[0] == names[8] == "Two suns over Cadiz"
    assert len(set(names)) == 8
    assert faults(page) == []
    assert chosen(page) == "Two suns over Cadiz"


# A letter each few milliseconds, however busy the machine is: the page's own clock says when.
AT_ONCE = """async (text) => {
    const field = document.querySelector("#search");
    field.focus();
    for (const letter of text) {
        field.value += letter;
        field.dispatchEvent(new InputEvent("input"));
        await new Promise((done) => setTimeout(done, 5));
    }
}"""


def test_who_types_on_is_answered_once_and_what_was_answered_is_not_asked_again(opened: Open) -> None:
    page = opened("/info/delivery/")
    requests = asked(page)
    page.evaluate(AT_ONCE, "Two  suns")
    expect(options(page).first).to_contain_text("Two suns over Cadiz")
    assert requests == ["two+suns"]
    with page.expect_response(re.compile("q=two.sun$")):
        field(page).press("Backspace")
    field(page).press("s")
    expect(page.locator(".suggest__option mark").last).to_have_text("suns")
    page.wait_for_timeout(200)  # longer than it waits for the next letter
    assert requests == ["two+suns", "two+sun"]


def test_while_the_next_answer_is_on_its_way_the_last_one_stays_and_an_older_never_comes_after_it(
    opened: Open,
) -> None:
    page = opened("/info/delivery/")
    held = list[Route]()
    field(page).press_sequentially("two")
    expect(options(page).first).to_contain_text("Two suns")
    picture = page.locator(".suggest__picture").first.element_handle()
    page.route("**/suggest/?q=two+s", lambda route: held.append(route))
    with page.expect_request("**/suggest/?q=two+s"):
        field(page).press_sequentially(" s")
    expect(options(page).first).to_be_visible()
    field(page).press_sequentially("uns o")
    expect(page.locator(".suggest__option mark").first).to_have_text("Two")
    expect(page.locator(".suggest__option mark").nth(2)).to_have_text("o")
    # Its picture is the same element: nothing is drawn anew.
    assert page.evaluate("one => one.isConnected", picture)
    for route in held:
        route.fulfill(body="<a role=option id=old class=suggest__option>Old</a>")
    page.wait_for_timeout(100)
    expect(page.locator("#old")).to_have_count(0)


def test_the_script_writes_what_was_typed_as_the_server_does(opened: Open) -> None:
    """Each answer comes at once: nobody is sent to another address."""
    page = opened("/info/delivery/")
    for typed in (
        "  TWO\u00a0 Suns ",
        "ÄÖÜ ẞ İI",
        "a*(b)'c!~_-.",
        "Cafe\u0301",
        "50 % & +1",
        "日本の紙",
        "🦊🦊",
        "x" * 90,
    ):
        with page.expect_response(re.compile("/search/suggest/")) as answer:
            field(page).fill(typed)
        assert (answer.value.status, answer.value.request.redirected_to) == (200, None), typed


def test_nothing_shows_no_box_and_neither_does_a_failure(opened: Open) -> None:
    page = opened("/info/delivery/")
    listbox = page.get_by_role("listbox")
    monkey = "**/suggest/?q=two"
    field(page).press_sequentially("sun")
    expect(listbox).to_be_visible()
    with page.expect_response("**/suggest/?q=sunx"):
        field(page).press_sequentially("x")
    expect(listbox).to_be_hidden()
    field(page).fill("sun")
    expect(listbox).to_be_visible()
    page.route(monkey, lambda route: route.fulfill(status=503, body="<h1>Away</h1>"))
    with page.expect_response(monkey):
        field(page).fill("two")
    expect(listbox).to_be_hidden()
    field(page).press("Enter")
    expect(page).to_have_url(re.compile(r"/search/\?q=two$"))


def test_a_shortcut_leads_to_the_field_but_not_out_of_another(opened: Open) -> None:
    page = opened("/info/delivery/")
    for keys in ("Control+k", "Meta+k"):
        page.locator("main").focus()
        page.keyboard.press(keys)
        expect(field(page)).to_be_focused()
    expect(field(page)).to_have_attribute("aria-keyshortcuts", "Control+K Meta+K")
    page.goto("/account/login/")
    other = page.get_by_label(re.compile("E-mail"))
    other.focus()
    page.keyboard.press("Control+k")
    expect(other).to_be_focused()
    page.locator("main").focus()
    page.keyboard.press("k")
    expect(field(page)).not_to_be_focused()


def test_without_a_script_it_is_a_search_box_in_a_form(opened: Open) -> None:
    page = opened("/info/delivery/", java_script_enabled=False)
    box = page.get_by_role("searchbox", name="Search the shop")
    requests = asked(page)
    box.press_sequentially("suns")
    expect(page.get_by_role("button", name="Clear the search")).to_be_hidden()
    box.press("Enter")
    expect(page).to_have_url(re.compile(r"/search/\?q=suns$"))
    assert requests == []
