"""A URLconf of pages that say what a test has them say, and count how often they were asked."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.http import Http404, HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path
from django.utils import timezone
from redis import Redis

from shop.edge.pages import private_page, public_page
from shop.edge.recording import tag


class Shop:
    """What the views say, and how often they were asked."""

    def __init__(self) -> None:
        self.text, self.asked, self.seconds, self.status = "first", 0, 0.0, 200
        self.lasts = 30.0  # what /ending/ says holds for so many seconds
        self.meanwhile: list[Callable[[], object]] = []


shop = Shop()
EDGE = {"EDGE_BACKEND": "varnish", "VARNISH_NODES": [], "EDGE_SECRET": "", "PAGE_STORE": True}


@pytest.fixture
def opened(redis: Redis) -> Iterator[None]:
    """These pages are the site, before a page store that is empty."""
    shop.__init__()  # type: ignore[misc]
    with override_settings(ROOT_URLCONF=__name__, **EDGE):
        yield


def said() -> HttpResponse:
    shop.asked += 1
    tag("product/7")
    text = shop.text
    time.sleep(shop.seconds)
    for happens in shop.meanwhile:
        happens()
    if shop.status == 404:
        raise Http404
    return HttpResponse(f"<p>{text}</p>" * 100)


@public_page(ttl=600, accepts=("sort",))
def page(request: HttpRequest) -> HttpResponse:
    return said()


@public_page
def ending(request: HttpRequest) -> HttpResponse:
    response = said()
    response.changes_at = timezone.now() + timedelta(seconds=shop.lasts)  # type: ignore[attr-defined]
    return response


@public_page
def missing(request: HttpRequest) -> HttpResponse:
    shop.asked += 1
    tag("slug/product/pen")
    raise Http404


@public_page(ttl=600, browser_ttl=600)
def picture(request: HttpRequest) -> HttpResponse:
    return said()


@private_page
def private(request: HttpRequest) -> HttpResponse:
    return said()


urlpatterns = [
    path("page/", page),
    path("ending/", ending),
    path("missing/", missing),
    path("picture/", picture),
    path("private/", private),
]


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    return HttpResponse("missing", status=404)
