"""addresses(): every public page's, in the order in which pages are asked for: the edge is filled by it."""

from collections.abc import Iterator

from catalog.models import Card, Page
from catalog.queries.categories import open_categories
from shop import markets
from shop.addresses import path


def addresses() -> Iterator[str]:
    """Paths of the home pages, categories, products by popularity and pages of text, of every market."""
    yield from _everywhere("catalog:home")
    for slug in open_categories().order_by("depth", "path").values_list("slug", flat=True):
        yield from _everywhere("catalog:category", slug)
    rows = Card.objects.order_by("-popularity", "product_id", "market").values_list("market", "slug")
    sold_in = {market.code: market for market in markets.all()}
    for code, slug in rows.iterator():
        if code in sold_in:
            yield _in(sold_in[code], "catalog:product", slug)
    for slug in (
        Page.objects.filter(is_published=True).order_by("position", "slug").values_list("slug", flat=True)
    ):
        yield from _everywhere("catalog:page", slug)


def number() -> int:
    """How many addresses that is."""
    shared = 1 + open_categories().count() + Page.objects.filter(is_published=True).count()
    codes = [market.code for market in markets.all()]
    return shared * len(codes) + Card.objects.filter(market__in=codes).count()


def _everywhere(name: str, *slugs: str) -> Iterator[str]:
    return (_in(market, name, *slugs) for market in markets.all())


def _in(market: markets.Market, name: str, *slugs: str) -> str:
    with markets.use(market):
        return path(name, *slugs)
