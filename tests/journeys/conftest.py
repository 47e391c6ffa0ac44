"""Visitors: tabs of Chromium in which an error of a page fails the test."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from tests.browsers import errors_of


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
