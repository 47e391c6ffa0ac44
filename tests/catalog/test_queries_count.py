"""Each page asks so many questions of the database, at most eight, however much there is, in each market."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.models import Block, ProductLink
from tests.factories import (
    follow_changes,
    make_category,
    make_delivery,
    make_image,
    make_page,
    make_product,
    make_review,
    make_sale,
)

pytestmark = pytest.mark.django_db
PAGES = {
    "/": 6,
    "/c/wall/": 6,
    "/c/wall/?colour=red&size=a4&min=1&max=90&sale=1&sort=price": 7,
    "/c/wall/?sale=1": 6,
    "/c/wall/?format=small&sale=1&colour=red&min=1": 7,
    "/p/thing-0/": 7,
    "/p/thing-0/?format=small": 7,
    "/p/thing-0/?stars=4": 7,
    "/search/?q=thing": 8,
    "/search/?q=thing&colour=red": 9,
    "/search/?q=xyzzy": 8,
    "/search/?q=thing+xyzzy": 8,
    "/search/?q=thing+xyzzy&colour=red": 9,
    "/c/wall/?format=small&sort=price": 7,
    "/search/?q=thing+xyzzy&colour=red&sale=1": 9,
    "/search/?sale=1": 4,
    "/c/wall/?colour=none&sort=popular": 2,  # sent on
    "/info/page-0/": 3,
    "/info/nowhere/": 4,
}


@pytest.fixture(params=[1, 12], ids=["small", "large"])
def shop(request: pytest.FixtureRequest) -> int:
    """A shop of everything, once or a dozen times."""
    number: int = request.param
    wall = make_category("Wall")
    make_delivery(["DE"])
    goods = []
    for each in range(number):
        below = make_category(f"Below {each}", parent=wall)
        values = {"colour": ["Red", "Blue"], "size": ["A4", f"B{each}"]}
        item = make_product(
            f"Thing {each}", category=below, values=values, options={"format": ["small", f"large {each}"]}
        )
        for _ in range(3):
            make_image(item)
            make_review(item, 4)
        make_page(f"Page {each}")
        Block.objects.create(kind="cards", title=f"Row {each}", goods={"category": "wall", "count": 4})
        Block.objects.create(kind="story", title=f"Story {each}", image=make_image())
        goods.append(item)
    Block.objects.create(kind="range", title="Range")
    for other in goods[1:]:
        ProductLink.objects.create(product=goods[0], other=other)
    for currency in ("EUR", "GBP"):
        make_sale("1.00", currency, position=0)  # of one variant: the sale is told by its options
    follow_changes()
    return number


@pytest.mark.parametrize("market", ["", "/gb"])
def test_a_page_asks_the_same_few_questions_at_any_size(client: Client, shop: int, market: str) -> None:
    counted = {}
    for path in PAGES:
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(market + path)
        assert answer.status_code == (404 if "nowhere" in path else 302 if "none" in path else 200)
        counted[path] = len(asked)
    assert counted == PAGES


def test_no_page_asks_more_than_nine() -> None:
    assert max(PAGES.values()) <= 9
