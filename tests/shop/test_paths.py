"""path() says what reverse() says, whatever it remembers."""

import pytest
from django.urls import NoReverseMatch, reverse

from shop import markets
from shop.addresses import path


@pytest.mark.parametrize("slug", ["two-suns", "any-slug", "A_9", "über", "a b", "50%"])
def test_a_named_page_is_where_reverse_says(slug: str) -> None:
    for market in markets.all():
        with markets.use(market):
            for name in ("orders:order", "accounts:reset_new"):
                assert path(name, slug) == path(name, slug) == reverse(name, args=(slug,))


def test_each_market_has_its_own() -> None:
    assert path("catalog:product", "two-suns") == "/p/two-suns/"
    with markets.use(markets.get("gb")):
        assert path("catalog:product", "two-suns") == "/gb/p/two-suns/"
        assert path("catalog:home") == "/gb/"
    assert path("catalog:home") == "/"


def test_what_no_page_is_named_by_is_an_error() -> None:
    assert path("accounts:address", 7) == "/account/addresses/7/"
    for wrong in ("seven", "two suns"):
        with pytest.raises(NoReverseMatch):
            path("accounts:address", wrong)
    with pytest.raises(NoReverseMatch):
        path("catalog:nowhere", "two-suns")
