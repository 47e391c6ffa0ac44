"""What a tab of Chromium tells of its pages."""

from playwright.sync_api import Error, Page


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
