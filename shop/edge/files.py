"""Static files are kept by the edge as pages are, those whose name is made from their content."""

from wsgiref.headers import Headers

from shop.edge.backends import backend

KEY = "static"  # what all of them are purged by
YEAR = 31_536_000  # seconds


def declare(headers: Headers, path: str, url: str) -> None:
    """WHITENOISE_ADD_HEADERS_FUNCTION: has whoever keeps the pages keep this file too, in its own words."""
    if "immutable" in (headers["Cache-Control"] or ""):
        for name, value in backend().headers({KEY}, YEAR):
            headers[name] = value
