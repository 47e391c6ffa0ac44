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
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from zlib import crc32

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils.cache import patch_vary_headers

from shop import marks
from shop.edge import shows
from shop.edge.parameters import canonical, is_spelled
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
class Stored:
    """A page as it lies there. body: as gzip made it."""

    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Found:
    """What a look has found. state: fresh, render (it is ours to render) or wait; seconds: its time left.

    needs: the LSN that who renders it must know, as the older page is not fresh since; 0 if there is none.
    """

    state: str
    seconds: float
    page: Stored | None
    needs: int


class PageStore:
    """The middleware."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        query = _query(request) if settings.PAGE_STORE and request.method in {"GET", "HEAD"} else None
        if query is None or not _is_stored(request):
            return self.get_response(request)
        request.get_host()  # raises, as what answers otherwise would: a host that is not ours gets no page
        place, token = _Place(request, query), secrets.token_hex(8)
        try:
            found = _waited(place, token)
        except MarksAway:
            return self.get_response(request)
        if found.state != "render" and found.page:
            return _answer(request, found, found.page)
        request.page_needs = found.needs  # type: ignore[attr-defined]
        response = self.get_response(request)
        _keep(request, response, place, token)
        return response


class _Place:
    """Where a page lies. What its release, scheme or address tells apart is another page.

    So is what it tells another edge: kept there without keys that it knows, no purge would find it.
    """

    def __init__(self, request: HttpRequest, query: str) -> None:
        self.query = query
        named = f"{release()} {settings.EDGE_BACKEND} {request.scheme} {request.path} {self.query}"
        self.page = f"shop:page:{blake2b(named.encode(), digest_size=16).hexdigest()}"

    def do(self, act: str, *args: str | int | bytes) -> list[bytes | int | None]:
        keys = [marks.pages.hash, self.page, f"{self.page}:rendering"]
        said: list[bytes | int | None] = marks.run(SCRIPT, keys, (act, *args))
        return said

    def look(self, token: str) -> Found:
        state, left, head, body, needs = self.do("look", token, int(PATIENCE * 1000))
        page = _read(head, body)  # type: ignore[arg-type]
        found = Found(state.decode(), int(left or 0) / 1000, page, int(needs or 0))  # type: ignore[union-attr]
        if found.state != "fresh" or found.page:
            return found
        self.do("forget", token)  # it is none that anybody could read
        return self.look(token)


def _query(request: HttpRequest) -> str | None:
    """As the page's one address has it; None if this one says it at too great a length, or otherwise."""
    said = request.META.get("QUERY_STRING", "")
    if not said or len(said) > LONGEST_QUERY:
        return None if said else ""
    query = canonical(request.GET).urlencode()
    return query if is_spelled(said, query) else None


def _is_stored(request: HttpRequest) -> bool:
    """Is this an address of a page for everyone that may change?"""
    try:
        view = resolve(request.path_info).func
    except Resolver404:
        return False
    return getattr(view, "page_kind", None) == PUBLIC and not view.is_immutable  # type: ignore[attr-defined]


def _waited(place: _Place, token: str) -> Found:
    """Fresh, ours to render, or what there was before: whoever renders it takes long."""
    found = place.look(token)
    until = time.monotonic() + (BRIEFLY if found.page else PATIENCE)
    while found.state == "wait" and time.monotonic() < until:
        time.sleep(PAUSE)
        found = place.look(token)
    return found


def _read(head: bytes | None, body: bytes | None) -> Stored | None:
    """What _keep wrote; None if it is not whole."""
    with suppress(ValueError, TypeError):
        sum_of_it, headers = json.loads(head or b"")
        if body and crc32(body) == sum_of_it:
            return Stored(dict(headers), body)
    return None


def _answer(request: HttpRequest, found: Found, page: Stored) -> HttpResponseBase:
    response = HttpResponse(headers=page.headers)
    if found.state == "fresh":
        seconds = max(1, int(found.seconds))  # it has lain here for a while
        for name in ("Surrogate-Control", "CDN-Cache-Control"):
            if name in response:
                response[name] = re.sub(r"max-age=\d+", f"max-age={seconds}", response[name])
    else:
        del response["Surrogate-Control"], response["CDN-Cache-Control"], response["Cache-Control"]
        not_kept(response)
    response["X-Page-Store"] = found.state
    return _packed(request, response, page.body)


def _keep(request: HttpRequest, response: HttpResponseBase, place: _Place, token: str) -> None:
    """Stores the answer if it is one that lasts; in any case it is no longer ours to render."""
    begun: Begun | None = getattr(response, "page_begun", None)
    try:
        if begun is None:
            place.do("leave", token)  # it failed, or says nothing of this page: the older one is better
            return
        if (
            response.status_code != 200
            or not isinstance(response, HttpResponse)
            or request.GET.urlencode() != place.query  # the page has another address
            or len(response.content) > LARGEST
        ):
            place.do("forget", token)
            return
        body = gzip.compress(response.content, LEVEL, mtime=0)
        headers = [(name, value) for name, value in response.items() if name.lower() not in UNKEPT]
        head = json.dumps([crc32(body), headers])
        slots = marks.told(response.page_keys)  # type: ignore[attr-defined]
        lasts = int(response.page_seconds * 1000)  # type: ignore[attr-defined]
        shown = shows.told(response.page_keys)  # type: ignore[attr-defined]
        place.do("keep", token, lasts, begun.epoch, begun.counter, slots, head, body, shown)
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
