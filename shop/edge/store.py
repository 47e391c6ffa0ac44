"""The page store: a public page as it was rendered, in Redis, while none of its keys was marked since.

It answers before session and database are asked. One process renders a page at a time; others wait for it
briefly, and then send the page as it was before, which nobody keeps. Without Redis every page is rendered.
"""

import gzip
import json
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils.cache import patch_vary_headers

from shop import marks
from shop.edge import shows
from shop.edge.release import release
from shop.edge.visitor import PUBLIC, not_kept
from shop.marks import Begun, MarksAway

SCRIPT = marks.ACTS + shows.ACTS + Path(__file__).with_suffix(".lua").read_text() + marks.CALL
LONGEST_QUERY = 300  # characters; what is longer nobody asks for twice
LARGEST = 1 << 20  # bytes of a page
LEVEL = 4  # of gzip: a third of the time of 9, a tenth more bytes
PATIENCE = 5.0  # seconds for which a page is one's own to render
BRIEFLY = 0.25  # seconds that somebody waits who could have the page as it was
PAUSE = 0.01  # seconds between looks
UNKEPT = frozenset({"date", "server", "connection", "content-length", "content-encoding", "vary"})

GetResponse = Callable[[HttpRequest], HttpResponseBase]


@dataclass(frozen=True)
class Found:
    """What a look has found. state: fresh, render (it is ours to render) or wait; seconds: its time left."""

    state: str
    seconds: float
    head: bytes | None
    body: bytes | None


class PageStore:
    """The middleware."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not (settings.PAGE_STORE and request.method in {"GET", "HEAD"} and _is_stored(request)):
            return self.get_response(request)
        stored, token = _Stored(request), secrets.token_hex(8)
        try:
            found = _waited(stored, token)
        except MarksAway:
            return self.get_response(request)
        if found.state != "render" and found.head and found.body:
            return _answer(request, found)
        response = self.get_response(request)
        _keep(request, response, stored, token)
        return response


class _Stored:
    """Where a page lies. What its release, scheme or address tells apart is another page."""

    def __init__(self, request: HttpRequest) -> None:
        named = f"{release()} {request.scheme} {request.get_full_path()}"
        self.page = f"shop:page:{blake2b(named.encode(), digest_size=16).hexdigest()}"

    def do(self, act: str, *args: str | int | bytes) -> list[bytes | int | None]:
        keys = [marks.pages.hash, self.page, f"{self.page}:rendering"]
        said: list[bytes | int | None] = marks.run(SCRIPT, keys, (act, *args))
        return said

    def look(self, token: str) -> Found:
        state, left, *page = self.do("look", token, int(PATIENCE * 1000))
        head, body = (*page, None, None)[:2]
        return Found(state.decode(), int(left or 0) / 1000, head, body)  # type: ignore[union-attr, arg-type]


def _is_stored(request: HttpRequest) -> bool:
    """Is this an address of a page for everyone that may change?"""
    if len(request.META.get("QUERY_STRING", "")) > LONGEST_QUERY:
        return False
    try:
        view = resolve(request.path_info).func
    except Resolver404:
        return False
    return getattr(view, "page_kind", None) == PUBLIC and not view.is_immutable  # type: ignore[attr-defined]


def _waited(stored: _Stored, token: str) -> Found:
    """Fresh, ours to render, or what there was before: whoever renders it takes long."""
    found = stored.look(token)
    until = time.monotonic() + (BRIEFLY if found.body else PATIENCE)
    while found.state == "wait" and time.monotonic() < until:
        time.sleep(PAUSE)
        found = stored.look(token)
    return found


def _answer(request: HttpRequest, found: Found) -> HttpResponseBase:
    response = HttpResponse(headers=dict(json.loads(found.head or "{}")))
    if found.state == "fresh":
        for name in ("Surrogate-Control", "CDN-Cache-Control"):  # it has lain here for a while
            if name in response:
                response[name] = re.sub(r"max-age=\d+", f"max-age={int(found.seconds)}", response[name])
    else:
        del response["Surrogate-Control"], response["CDN-Cache-Control"], response["Cache-Control"]
        not_kept(response)
    response["X-Page-Store"] = found.state
    return _packed(request, response, found.body or b"")


def _keep(request: HttpRequest, response: HttpResponseBase, stored: _Stored, token: str) -> None:
    """Stores the answer if it is one that lasts; in any case it is no longer ours to render."""
    begun: Begun | None = getattr(response, "page_begun", None)
    try:
        if (
            begun is None
            or response.status_code != 200
            or not isinstance(response, HttpResponse)
            or response.page_seconds < 1  # type: ignore[attr-defined]
            or request.META.get("QUERY_STRING", "") != request.GET.urlencode()  # not its one address
            or len(response.content) > LARGEST
        ):
            stored.do("leave", token)
            return
        body = gzip.compress(response.content, LEVEL, mtime=0)
        head = json.dumps([(name, value) for name, value in response.items() if name.lower() not in UNKEPT])
        slots = marks.told(response.page_keys)  # type: ignore[attr-defined]
        lasts = int(response.page_seconds * 1000)  # type: ignore[attr-defined]
        shown = shows.told(response.page_keys)  # type: ignore[attr-defined]
        stored.do("keep", token, lasts, begun.epoch, begun.counter, slots, head, body, shown)
        _packed(request, response, body)
    except MarksAway:
        return


def _packed(request: HttpRequest, response: HttpResponse, body: bytes) -> HttpResponse:
    """With the body as the client takes it; `body` is what gzip made of it."""
    patch_vary_headers(response, ("Accept-Encoding",))
    if "gzip" in request.META.get("HTTP_ACCEPT_ENCODING", ""):
        response["Content-Encoding"] = "gzip"
        response.content = body
    else:
        response.content = gzip.decompress(body)
    response["Content-Length"] = str(len(response.content))
    return response
