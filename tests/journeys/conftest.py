"""Visitors: tabs of Chromium in which an error of a page fails the test."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize
from pytest_django.live_server_helper import LiveServer

from tests.browsers import errors_of, phone

Open = Callable[..., Page]


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def visitor(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """Whoever visits, with and without JavaScript (`has_script` tells which)."""
    # From one page to the next nothing moves: drawing that takes a third of what a journey costs. It does in
    # test_visitor.py and test_receipt.py.
    size: ViewportSize = {"width": 1280, "height": 900}
    context = browser.new_context(java_script_enabled=request.param, viewport=size, reduced_motion="reduce")
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.has_script = request.param  # type: ignore[attr-defined]
    errors = errors_of(page)
    yield page
    context.close()
    assert errors == []


@pytest.fixture
def all_answered(live_server: LiveServer) -> Iterator[None]:
    """The test ends when everybody is answered, also who has left: tables are emptied then."""
    running = list[bool]()

    def begins(**_told: Any) -> None:
        running.append(True)

    def ends(**_told: Any) -> None:
        if running:
            running.pop()

    request_started.connect(begins)
    request_finished.connect(ends)
    yield
    until = time.monotonic() + 10
    while running and time.monotonic() < until:
        time.sleep(0.01)
    request_started.disconnect(begins)
    request_finished.disconnect(ends)


@pytest.fixture
def opened(browser: Browser, live_server: LiveServer, all_answered: None) -> Iterator[Open]:
    """opened("/", is_narrow=True, …): the page in a tab of its own, with what else a context is given."""
    contexts, errors = list[BrowserContext](), list[list[str]]()

    def begin(path: str = "/", *, is_narrow: bool = False, **more: Any) -> Page:
        more = {"base_url": live_server.url, **more}
        size: ViewportSize = {"width": 1280, "height": 900}
        context = (
            phone(browser, **more)
            if is_narrow
            else browser.new_context(viewport=size, reduced_motion="reduce", **more)
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        errors.append(errors_of(page))
        page.goto(path)
        return page

    yield begin
    for context in contexts:
        context.close()
    assert [told for told in errors if told] == []
