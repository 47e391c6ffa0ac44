"""What a tab of Chromium tells of its pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, Error, Page

SCREENS = (390, 320, 768, 1280)  # px; the first is the one that pages are opened on
# Until the next frame, lengths in vw are those of the screen before, and colours move to those of the dark.
SETTLED = """async () => {
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const ends = (one) => one.effect.getComputedTiming().endTime < Infinity;
    await Promise.allSettled(document.getAnimations().filter(ends).map((one) => one.finished));
}"""
# Only what is wrong: axe takes three times as long to tell of everything that is well too. It would read each
# style sheet again for a rule that is not switched on, and look for a selector that is of one element alone.
AXE = """async () => {
    const {violations} = await axe.run({resultTypes: ["violations"], preload: false, selectors: false});
    return violations.flatMap(
        ({id, nodes}) => nodes.map(({html, failureSummary}) => [id, html, failureSummary]));
}"""

# Not what a scroller of its own keeps inside, and not what is hidden.
WIDER = """() => {
    const root = document.documentElement;
    if (root.scrollWidth <= root.clientWidth) return [];
    const beyond = [...document.body.querySelectorAll("*")].filter(
        (one) => one.checkVisibility() && one.getBoundingClientRect().right > root.clientWidth + 0.5);
    const outer = beyond.filter((one) => !beyond.includes(one.parentElement));
    return [`${root.scrollWidth} px`, ...outer.map((one) => one.outerHTML.slice(0, 160))];
}"""


def phone(browser: Browser, **more: Any) -> BrowserContext:
    """What faults() and desk() widen: small, light and without movement."""
    size: Any = {"width": SCREENS[0], "height": 900}
    return browser.new_context(viewport=size, color_scheme="light", reduced_motion="reduce", **more)


def violations(page: Page) -> list[tuple[str, str, str]]:
    """What axe finds: the rule, the element, and what is wrong with it."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return [tuple(found) for found in page.evaluate(AXE)]


@contextmanager
def on_a_desk(page: Page) -> Iterator[None]:
    """Wide and dark meanwhile."""
    page.emulate_media(color_scheme="dark")
    widen(page, SCREENS[-1])
    yield
    page.emulate_media(color_scheme="light")
    widen(page, SCREENS[0])


def widen(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate(SETTLED)


def faults(page: Page, but: tuple[str, ...] = ()) -> list[str]:
    """What axe finds on a phone in light and on a desk in dark, and the outermost elements that reach beyond
    any screen and make it scroll sideways. but: rules that the page need not follow.
    """
    told = []

    def look(light: str) -> None:
        found = violations(page)
        told.extend(f"{light}, {rule}: {html[:160]}" for rule, html, _why in found if rule not in but)

    look("light")
    for width in SCREENS:
        if width != SCREENS[0]:
            widen(page, width)
        told += [f"{width} px: {one}" for one in page.evaluate(WIDER)]
    with on_a_desk(page):
        look("dark")
    return told


def errors_of(page: Page) -> list[str]:
    """Errors of its scripts and what its Content Security Policy refuses, added as they come.

    Chromium reports as a page's error that a view transition had no page to go to (another site's, or one
    that was left at once): no script of ours has asked for it, and nothing is missing.
    """
    told = list[str]()

    def errs(error: Error) -> None:
        if "ViewTransition" not in str(error):
            told.append(str(error))

    page.on("pageerror", errs)
    page.on("console", lambda said: told.append(said.text) if "Content Security" in said.text else None)
    return told
