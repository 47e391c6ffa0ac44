"""A page with more keys than its edge takes carries coarse ones, and each purge meets it all the same."""

import pytest

from shop.edge import coarse
from shop.edge.backends import Backend, Cloudflare, Fastly, Null, Varnish

BACKENDS: dict[str, Backend] = {
    "varnish": Varnish(["http://127.0.0.1:9"], "secret", 1.0),
    "fastly": Fastly("service", "token", 1.0),
    "cloudflare": Cloudflare("zone", "token", 1.0),
}
FEW = {"html", "category/7", "category/7/eu:in", "product/8"}
# What a page of a category would carry that named each of its 5,000 products.
MANY = FEW | {f"card/eu/{number}" for number in range(5_000)} | {f"image/{number}" for number in range(5_000)}


@pytest.mark.parametrize("name", BACKENDS)
def test_a_page_with_few_keys_carries_them_as_they_are(name: str) -> None:
    assert set(coarse.fitted(FEW, BACKENDS[name].fits)) == FEW


@pytest.mark.parametrize("name", BACKENDS)
def test_a_page_of_five_thousand_fits_and_is_met_by_the_purge_of_each(name: str) -> None:
    edge = BACKENDS[name]
    carried = set(coarse.fitted(MANY, edge.fits))
    assert sum(len(value) for _name, value in edge.headers(carried, 3_600)) <= 16_384
    assert [key for key in MANY if not coarse.with_coarse([key]) & carried] == []
    assert carried >= FEW - {"product/8"}  # the most numerous kinds go first


@pytest.mark.parametrize("name", BACKENDS)
def test_broken_without_coarse_keys_it_could_not_be_sent(name: str) -> None:
    with pytest.raises(ValueError, match=r"keys|lines|bytes|tags"):
        BACKENDS[name].headers(MANY, 3_600)


def test_broken_purges_that_name_no_coarse_keys_miss_it() -> None:
    carried = set(coarse.fitted(MANY, BACKENDS["fastly"].fits))
    assert [key for key in MANY if key not in carried]


def test_a_coarse_key_follows_from_the_key_alone() -> None:
    assert coarse.key_of("card/eu/7") == coarse.key_of("card/eu/7")
    assert coarse.key_of("card/eu/7").startswith("card/*/*~")
    assert len({coarse.key_of(f"card/eu/{number}") for number in range(5_000)}) == coarse.BUCKETS


def test_where_nobody_keeps_pages_all_fits() -> None:
    assert coarse.fitted(MANY, Null().fits) == MANY


def test_what_does_not_fit_even_so_is_an_error() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        coarse.fitted(FEW, lambda keys: False)
