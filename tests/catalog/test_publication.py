"""When a product is published is written at that moment, by the primary's clock: pages ask no clock."""

import time
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from catalog.models import Card, Product
from catalog.queries import former, products
from shop import markets
from shop.outbox import drain
from shop.outbox.models import Message
from tests.factories import follow_changes, make_product

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.mark.parametrize("skew", [2 * HOUR, -2 * HOUR], ids=["fast", "slow"])
def test_a_node_whose_clock_is_wrong_plans_and_shows_what_any_other_does(skew):
    now = timezone.now()
    with time_machine.travel(now + skew, tick=True):
        waits = make_product("Soon", published_at=now + HOUR)
        shown = make_product("Now", published_at=now - HOUR)
        follow_changes()
        market = markets.get("eu")
        assert products.find(market, waits.slug) is None
        assert products.find(market, shown.slug)
    assert Message.objects.get(job="catalog.rebuild_cards", due_at=now + HOUR).args == [[waits.pk]]
    assert set(Card.objects.values_list("product_id", flat=True)) == {shown.pk}


@pytest.mark.parametrize("is_shown", [True, False])
def test_a_replica_whose_clock_is_wrong_shows_what_any_other_does(is_shown: bool) -> None:
    """Its clock would say the opposite of what was written; and so it says of an old address."""
    now = timezone.now()
    item = make_product("Soon", slug="soon-at-last", published_at=now - HOUR if is_shown else now + HOUR)
    Product.objects.filter(pk=item.pk).update(slug="soon")
    follow_changes()
    Product.objects.filter(pk=item.pk).update(published_at=now + HOUR if is_shown else now - HOUR)
    market = markets.get("eu")
    assert bool(products.find(market, "soon")) is is_shown
    assert former.product(market, "soon-at-last") == ("soon" if is_shown else None)
    follow_changes()
    assert bool(products.find(market, "soon")) is not is_shown


def test_a_product_is_shown_when_its_moment_is_written(client: Client) -> None:
    item = make_product("Soon", published_at=timezone.now() + timedelta(seconds=0.3))
    follow_changes()
    (due,) = Message.objects.filter(job="catalog.rebuild_cards", due_at=item.published_at)
    assert client.get("/p/soon/").status_code == 404
    time.sleep(0.3)
    assert client.get("/p/soon/").status_code == 404
    while not drain.drain(due.queue):
        time.sleep(0.01)
    follow_changes()
    assert client.get("/p/soon/").status_code == 200
