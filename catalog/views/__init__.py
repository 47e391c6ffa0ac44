"""The public pages of the catalogue: fetch, shape, render."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponsePermanentRedirect,
    HttpResponseRedirect,
)
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog import forms
from catalog import search as engine
from catalog.models import Card, Page
from catalog.queries import blocks, cards, categories, chrome, former, listing, products
from catalog.queries.chrome import Chrome, Crumb
from catalog.queries.selection import Source
from catalog.search import counting
from catalog.search.words import folded
from catalog.views import lists, opinions, picker, pictures, structured
from shop import addresses, markets
from shop.edge.pages import private_page, public_page
from shop.edge.recording import reading, tag
from shop.jinja.links import Presence

SUGGESTED = 8
SEARCHED = 300  # seconds that a search may be kept: nothing tells when a word gets another meaning
PLAIN = timedelta(seconds=60)
DEEPEST = 2  # kinds of filters whose combinations search engines may keep


def _names(request: HttpRequest, *args: object, **kwargs: object) -> Iterable[str]:
    """All that could be one: what the page does not read is left out in one step with what it has not."""
    return filter(forms.is_name, request.GET)


@public_page
def home(request: HttpRequest) -> HttpResponse:
    """The opening, the range, rows of goods, a story."""
    market = markets.current()
    shown = blocks.of(market)
    described = next((block["text"] for block in shown if block["text"]), "")
    around = chrome.around(market, description=described, canonical=request.path)
    return _page(request, "catalog/home.html", around, blocks=shown)


@public_page(accepts=_names)
def category(request: HttpRequest, slug: str) -> HttpResponse:
    """A category's goods, with filters."""
    market = markets.current()
    found = categories.find(slug)
    if found is None:
        return _elsewhere(request, "catalog:category", former.category, slug)
    parameters = forms.ListingParameters.parse(request.GET)
    if not forms.is_canonical(request.GET, parameters.pairs):
        return HttpResponseRedirect(parameters.url(request.path))
    below = categories.below(found)
    source = Source(category_id=found.pk, below=[child.pk for child in below])
    try:
        page = listing.read(market, source, parameters.selection)
    except listing.Beyond as beyond:
        return HttpResponseRedirect(parameters.at(beyond.last).url(request.path))
    around = chrome.around(
        market,
        path=found.path,
        title=found.name,
        description=found.description,
        canonical=parameters.url(request.path),
        noindex=parameters.selection.filters > DEEPEST,
    )
    return _page(
        request,
        "catalog/category.html",
        around,
        category={"name": found.name, "slug": found.slug, "description": found.description},
        children=categories.children(below, page.below),
        listing=lists.shape(page, parameters, request.path, market),
    )


@public_page(accepts=_names)
def product(request: HttpRequest, slug: str) -> HttpResponse:
    """A product, with the variant and the reviews that the address chooses."""
    market, now = markets.current(), timezone.now()
    parameters = forms.ReviewParameters.parse(request.GET)
    found = products.find(market, slug, parameters.asked)
    if found is None:
        return _elsewhere(request, "catalog:product", former.product, slug)
    asked = forms.options(request.GET, found.codes)
    offer = picker.choose(found, asked)
    chosen = picker.asked_for(offer, asked)
    parameters = replace(parameters, options=chosen)
    item, said = found.product, found.said
    parameters = parameters.at(said.stars, min(said.page, said.pages))
    if not forms.is_canonical(request.GET, parameters.pairs):
        return HttpResponseRedirect(parameters.url(request.path))
    around = chrome.around(
        market,
        now=now,
        path=found.path,
        crumbs=[Crumb(name=item.name, url=request.path)],
        title=item.name,
        description=item.summary,
        canonical=request.path,
        promises=True,
    )
    promise = around["promise"]
    shelf = around["breadcrumbs"][-2]["url"]
    request.presence = Presence(found.sold_in | {market.code}, instead=shelf)  # type: ignore[attr-defined]
    return _page(
        request,
        "catalog/product.html",
        around,
        changes_at=promise.changes_at if promise else None,
        product=picker.product(found),
        pictures=pictures.shown(found, offer, [code for code, _slug in chosen]),
        options=picker.options(found, offer),
        variant=picker.variant(found, offer),
        variants_json=structured.dump(picker.variants(found)),
        related={"companions": found.companions, "alternatives": found.alternatives},
        reviews=opinions.shape(said, parameters, request.path),
        promise=promise,
        json_ld=structured.product(found, request.path, around["breadcrumbs"]),
    )


@public_page(accepts=_names, ttl=SEARCHED)
def search(request: HttpRequest) -> HttpResponse:
    """What a query finds; without one, what is on sale, or where to begin."""
    market = markets.current()
    query = engine.clean(request.GET.get("q", ""))
    sorts = ("relevance", *forms.SORTS) if query else forms.SORTS
    parameters = forms.ListingParameters.parse(request.GET, query=query, sorts=sorts)
    is_sale = not query and parameters.selection.on_sale
    if not (query or is_sale) and request.GET:
        return HttpResponseRedirect(request.path)  # nothing is listed, so there is nothing to filter
    if not forms.is_canonical(request.GET, parameters.pairs):
        return HttpResponseRedirect(parameters.url(request.path))
    found, page = None, None
    try:
        if query:
            found = engine.find(market, query, parameters.selection)
            page = found.listing
        elif is_sale:
            page = listing.read(market, Source(on_sale=True), parameters.selection)
    except listing.Beyond as beyond:
        last = HttpResponseRedirect(parameters.at(beyond.last).url(request.path))
        return _kept_until(last, _soon() if isinstance(beyond, engine.PlainBeyond) else None)
    is_empty = page is None or not (page.total or parameters.selection.filters)
    texts = engine.pages(market, query) if query else []
    around = chrome.around(
        market,
        section="sale" if is_sale else None,
        title=_("Sale") if is_sale else query or _("Search"),
        canonical=parameters.url(request.path),
        noindex=not is_sale or parameters.selection.filters > DEEPEST,
    )
    shape = lists.shape(page, parameters, request.path, market, is_sale=is_sale) if page else None
    total = 0 if found is None or found.is_partial else found.listing.total or len(texts)
    return _page(
        request,
        "catalog/search.html",
        around,
        query=query,
        search_query=query,
        counted_word=counting.word(market, query, total) if len(parameters.pairs) == 1 else "",
        listing=shape,
        found=_told(found, parameters),
        is_short=engine.is_short(query),
        is_wordless=not folded(query),
        pages=[
            {"name": text.title, "url": chrome.page_url(text.slug), "summary": text.summary}
            for text in texts
            if text.is_named or is_empty
        ],
        suggestions=_suggestions(market, around) if is_empty else {"categories": [], "cards": []},
        changes_at=_soon() if found and (found.is_degraded or found.listing.is_cut) else None,
    )


@public_page
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """Delivery, returns, imprint …"""
    with reading(f"slug/page/{slug}"):
        found = Page.objects.filter(slug=slug, is_published=True).first()
    if found is None:
        return _elsewhere(request, "catalog:page", former.page, slug)
    tag(f"page/{found.pk}")
    around = chrome.around(
        markets.current(),
        crumbs=[Crumb(name=found.title, url=request.path)],
        title=found.title,
        description=found.summary,
        canonical=request.path,
    )
    text = {"title": found.title, "slug": found.slug, "summary": found.summary, "body": found.body}
    return _page(request, "catalog/page.html", around, page=text)


@private_page  # it answers for private pages too; a public one that misses something declares it anew
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: the shelves are all still there. It asks nothing about the visitor."""
    return _lost(request, 404, _("Page not found"))


def _elsewhere(
    request: HttpRequest, name: str, find: Callable[[markets.Market, str], str | None], slug: str
) -> HttpResponse:
    """Where what had this address is now: 301; 410 if it was deleted, 404 if nothing is known of it."""
    try:
        current = find(markets.current(), slug)
    except former.Gone:
        return _lost(request, 410, _("No longer here"))
    if current is None:
        raise Http404
    query = request.META["QUERY_STRING"]  # which size was chosen, say
    return HttpResponsePermanentRedirect(f"{addresses.path(name, current)}{'?' if query else ''}{query}")


def _lost(request: HttpRequest, status: int, title: str) -> HttpResponse:
    market = markets.current()
    around = chrome.around(market, title=title, noindex=True)
    request.presence = Presence(frozenset(), instead=market.mount)  # type: ignore[attr-defined]
    return _page(request, f"{status}.html", around, status=status)


def _page(
    request: HttpRequest,
    template: str,
    around: Chrome,
    *,
    status: int = 200,
    changes_at: datetime | None = None,
    **context: Any,
) -> HttpResponse:
    # Context processors run after the view and win: the chrome goes through the request.
    request.chrome = around  # type: ignore[attr-defined]
    return _kept_until(render(request, template, context, status=status), changes_at)


def _kept_until(response: HttpResponse, changes_at: datetime | None) -> HttpResponse:
    if changes_at is not None:
        response.changes_at = changes_at  # type: ignore[attr-defined]
    return response


def _soon() -> datetime:
    """What is plain is shown while the engine is away, and not much longer."""
    return timezone.now() + PLAIN


def _told(found: engine.Found | None, parameters: forms.ListingParameters) -> dict[str, Any]:
    """What is said of how a query was understood."""
    if found is None:
        return {}
    whole, total = found.listing.whole, found.listing.total
    plainer = "" if total else engine.plainer(parameters.query)
    return {
        "whole": whole,
        "close": total - whole,
        "is_partial": found.is_partial,
        "corrected": found.corrected,
        "corrected_url": replace(parameters, query=found.corrected).url(addresses.path("catalog:search")),
        "plainer": plainer,
        "plainer_url": replace(parameters, query=plainer).url(addresses.path("catalog:search")),
        "is_degraded": found.is_degraded,
        "is_deep": total > listing.DEEPEST and parameters.selection.page == found.listing.pages,
    }


def _suggestions(market: markets.Market, around: Chrome) -> dict[str, Any]:
    popular = Card.objects.filter(market=market.code).order_by("-popularity", "product_id")
    with reading(f"cards/{market.code}:in", f"cards/{market.code}:popularity", later=["card/*/*"]):
        loved = cards.read(popular[:SUGGESTED])
    cards.tag_all(market, (card["product_id"] for card in loved))
    return {
        "categories": [{"name": item["name"], "url": item["url"]} for item in around["navigation"]],
        "cards": loved,
    }
