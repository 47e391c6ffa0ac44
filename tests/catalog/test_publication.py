"""When a product is published is a question for the database's clock, not for that of whoever asks."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from catalog.models import Card
from catalog.queries import products
from shop import markets
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
