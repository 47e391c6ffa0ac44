"""What the search field suggests while one types: the same for everyone, kept for a minute."""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from catalog import forms
from catalog.search import folding, suggesting
from shop import addresses, markets
from shop.edge.pages import public_page

TTL = 60  # seconds


@public_page(accepts=["q"], ttl=TTL)
def suggest(request: HttpRequest) -> HttpResponse:
    """A part of a page; nothing at all where there is nothing to suggest."""
    market = markets.current()
    typed = suggesting.clean(request.GET.get("q", ""))
    pairs = [("q", typed)] if typed else []
    if not forms.is_canonical(request.GET, pairs):
        return HttpResponseRedirect(f"{request.path}{'?' if pairs else ''}{urlencode(pairs)}")
    found = suggesting.suggest(market, typed) if typed else suggesting.Suggested()
    begun = suggesting.words(typed)
    found_at = addresses.path("catalog:search")
    response = render(
        request,
        "catalog/suggest.html",
        {
            "goods": [_goods(card, begun) for card in found.products],
            "categories": [
                {"name": marked(shelf.name, begun), "url": shelf.url, "above": shelf.above}
                for shelf in found.categories
            ],
            "queries": [
                {"name": marked(query, begun), "url": f"{found_at}?{urlencode({'q': query})}"}
                for query in found.queries
            ],
        },
    )
    response["X-Robots-Tag"] = "noindex"
    return response


def _goods(card: Mapping[str, Any], begun: Iterable[str]) -> dict[str, Any]:
    # Its name stands beside: who listens hears it once.
    return {**card, "name": marked(card["name"], begun), "picture": {**card["picture"], "alt": ""}}


def marked(name: str, begun: Iterable[str]) -> list[tuple[str, bool]]:
    """A name in pieces; those that somebody has typed, as the beginning of one of its words, are True."""
    folded, places = "", list[int]()  # of each letter without its accent: where it stands in the name
    for place, letter in enumerate(name):
        spelled = letter.lower() if letter.isascii() else folding.plain(letter.lower()).lower()
        folded += spelled
        places += [place] * len(spelled)
    is_typed = [False] * len(name)
    for word in begun:
        for found in re.finditer(rf"(?<![^\W_]){re.escape(word)}", folded):
            first, last = places[found.start()], places[found.end() - 1]
            is_typed[first : last + 1] = [True] * (last + 1 - first)
    return [(name[first:last], is_typed[first]) for first, last in _runs(is_typed)]


def _runs(values: list[bool]) -> Iterable[tuple[int, int]]:
    """From where to where they stay the same."""
    first = 0
    for place in range(1, len(values) + 1):
        if place == len(values) or values[place] != values[first]:
            yield first, place
            first = place
