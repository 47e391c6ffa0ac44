"""The desk's first page: what waits for whom, and that counting it stays cheap."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from catalog.models import Stock, Variant
from orders import states
from orders.models import Order
from orders.placement import place_order
from shop.desk import dashboard
from shop.outbox.models import Message
from tests.factories import follow_changes, make_product, make_user
from tests.orders.conftest import make_draft

pytestmark = pytest.mark.django_db


@pytest.fixture
def variant() -> Variant:
    made = make_product("Two suns", stock=100).variants.get()
    make_product("Gone", stock=0)
    make_product("Nearly gone", stock=2)
    follow_changes()
    return made


@pytest.fixture
def busy(variant: Variant) -> list[Order]:
    """Three orders, two of them paid, and one dead letter."""
    orders = [place_order(make_draft((variant, 1))) for _number in range(3)]
    for order in orders[:2]:
        states.move(order, Order.Status.PAID)
    Message.objects.all().delete()
    Message.objects.create(job="orders.x", dead_at=timezone.now())
    return orders


def index(client: Client, *groups: str, permissions: tuple[str, ...] = ()) -> Any:
    user = make_user(is_staff=True)
    user.groups.set(Group.objects.filter(name__in=groups))
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(user)
    answer = client.get(reverse("admin:index"))
    assert answer.status_code == 200
    return answer


def figures(answer: Any) -> dict[str, int]:
    return {str(figure.label): figure.count for figure in answer.context["figures"]}


def test_a_merchant_reads_what_waits(client: Client, busy: list[Order]) -> None:
    assert figures(index(client, "Merchant")) == {
        "orders to ship": 2,
        "order waits for payment": 1,
        "product sold out": 1,
        "variant sold out": 1,
        "variant almost gone": 1,
        "message given up": 1,
    }


def test_each_figure_leads_to_a_list_of_just_as_many(client: Client, busy: list[Order]) -> None:
    found = index(client, "Merchant").context["figures"]
    assert len(found) == 6
    for figure in found:
        assert client.get(figure.url).context["cl"].result_count == figure.count, figure.label


def test_support_reads_what_it_may_see(client: Client, busy: list[Order]) -> None:
    shown = index(client, "Support")
    assert "message given up" not in figures(shown)
    assert "orders to ship" in figures(shown)


def test_who_sees_no_order_and_no_stock_reads_no_figure_of_them(client: Client, busy: list[Order]) -> None:
    shown = index(client, permissions=("view_page",))
    assert figures(shown) == {}
    assert "Latest orders" not in shown.content.decode()
    assert busy[0].number not in shown.content.decode()


def test_the_latest_orders_stand_there_and_open(client: Client, busy: list[Order]) -> None:
    text = index(client, "Merchant").content.decode()
    for order in busy:
        assert f'href="{reverse("admin:orders_order_change", args=[order.pk])}">{order.number}</a>' in text
    assert text.index(busy[-1].number) < text.index(busy[0].number)


def test_a_shop_without_orders_says_where_they_will_stand(client: Client, variant: Variant) -> None:
    assert "The first order will stand here." in index(client, "Merchant").content.decode()


def test_nothing_that_waits_shines() -> None:
    assert dashboard.Figure("x", 0, "/", "bad").tone == "quiet"
    assert dashboard.Figure("x", 1, "/", "bad").tone == "bad"


def test_counting_ends_where_a_person_stops_caring(monkeypatch: pytest.MonkeyPatch, variant: Variant) -> None:
    monkeypatch.setattr(dashboard, "MOST", 2)
    with CaptureQueriesContext(connection) as queries:
        assert dashboard.counted(Stock.objects.all()) == 3
    assert "LIMIT 3" in queries[0]["sql"]
    assert dashboard.Figure("x", 3, "/").shown == "2+"


def test_a_busy_day_asks_no_more_than_a_quiet_one(client: Client, variant: Variant) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse("admin:index")).status_code == 200
        return len(queries)

    place_order(make_draft((variant, 1)))
    index(client, "Merchant")
    few = asked()
    for _number in range(8):
        states.move(place_order(make_draft((variant, 1))), Order.Status.PAID)
    assert asked() == few
