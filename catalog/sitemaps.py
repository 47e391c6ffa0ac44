"""/sitemap.xml: an index of the market's sitemaps; /robots.txt: where every market's index is."""

from collections.abc import Iterable
from datetime import datetime
from xml.sax.saxutils import escape

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from catalog.models import Card, Page
from catalog.queries.categories import open_categories
from catalog.queries.chrome import absolute
from shop import markets
from shop.edge.pages import public_page
from shop.edge.recording import reading

PER_FILE = 20_000  # the protocol's limit is 50,000
FILES = 50_000  # the protocol's limit of an index; far beyond, no database could count
NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
PRIVATE = (
    "/admin/",
    "/account/",
    "/cart/",
    "/checkout/",
    "/order/",
    "/track/",
    "/search/?*q=",
    "/search/suggest/",
)


@public_page
def index(request: HttpRequest) -> HttpResponse:
    """The sitemaps of this market."""
    market = markets.current().code
    with reading(f"cards/{market}:in"):
        files = -(-Card.objects.filter(market=market).count() // PER_FILE)
    paths = [reverse("catalog:sitemap_pages")]
    paths += [reverse("catalog:sitemap_products", args=(number,)) for number in range(1, files + 1)]
    rows = "".join(f"<sitemap><loc>{escape(absolute(path))}</loc></sitemap>" for path in paths)
    return _xml(f'<sitemapindex xmlns="{NAMESPACE}">{rows}</sitemapindex>')


@public_page
def pages(request: HttpRequest) -> HttpResponse:
    """Home, categories and pages of text."""
    paths = [reverse("catalog:home")]
    with reading("navigation", "categories"):
        sections = list(open_categories().order_by("path").values_list("slug", flat=True))
        texts = list(Page.objects.filter(is_published=True).order_by("slug").values_list("slug", flat=True))
    for slug in sections:
        paths.append(reverse("catalog:category", args=(slug,)))
    for slug in texts:
        paths.append(reverse("catalog:page", args=(slug,)))
    return _urls((path, None) for path in paths)


@public_page
def products(request: HttpRequest, number: int) -> HttpResponse:
    """Products, PER_FILE in each file."""
    if not 1 <= number <= FILES:
        raise Http404
    start = (number - 1) * PER_FILE
    market = markets.current().code
    rows = Card.objects.filter(market=market).order_by("product_id")
    with reading(*(f"cards/{market}:{column}" for column in ("in", "slug", "published_at"))):
        found = list(rows.values_list("slug", "published_at")[start : start + PER_FILE])
    if not found:
        raise Http404
    return _urls((reverse("catalog:product", args=(slug,)), at) for slug, at in found)


@public_page
def robots(request: HttpRequest) -> HttpResponse:
    """What crawlers are asked to leave alone, in every market."""
    mounts = [market.mount.rstrip("/") for market in markets.all()]
    lines = ["User-agent: *"]
    lines += [f"Disallow: {mount}{path}" for mount in mounts for path in PRIVATE]
    lines += ["", *(f"Sitemap: {absolute(f'{mount}/sitemap.xml')}" for mount in mounts)]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


def _urls(rows: Iterable[tuple[str, datetime | None]]) -> HttpResponse:
    listed = "".join(
        f"<url><loc>{escape(absolute(path))}</loc>"
        + (f"<lastmod>{at:%Y-%m-%d}</lastmod>" if at else "")
        + "</url>"
        for path, at in rows
    )
    return _xml(f'<urlset xmlns="{NAMESPACE}">{listed}</urlset>')


def _xml(body: str) -> HttpResponse:
    return HttpResponse(
        f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n', content_type="application/xml; charset=utf-8"
    )
