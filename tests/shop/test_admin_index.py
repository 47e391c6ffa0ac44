"""The desk's first page: what waits for whom, and that counting it stays cheap."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

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


def test_what_is_not_on_sale_is_not_sold_out(client: Client, variant: Variant) -> None:
    """Neither a product that nobody sees, nor a variant that nobody may buy; and one left is not none."""
    before = figures(index(client, "Merchant"))
    make_product("Hidden", stock=0, published=False)
    make_product("Retired", stock=0).variants.update(is_active=False)
    follow_changes()
    assert figures(index(client, "Merchant")) == before
    make_product("Half gone", stock=[0, 9], options={"size": ["A4", "A3"]})
    follow_changes()
    now = figures(index(client, "Merchant"))
    assert (now["product sold out"], now["variants sold out"]) == (1, 2)


def test_what_runs_out_is_listed_with_the_most_wanted_first(client: Client, variant: Variant) -> None:
    make_product("Loved and gone", stock=0, popularity=900)
    make_product("Known and low", stock=1, popularity=400)
    follow_changes()
    shown = index(client, "Merchant")
    panel = shown.content.decode().partition('id="wanted-heading"')[2].partition("</section>")[0]
    assert panel.index("Loved and gone") < panel.index("Known and low") < panel.index("Gone</a>")
    assert "Two suns" not in panel
    for figure in shown.context["figures"]:
        if "sold out" in figure.label:
            found = client.get(figure.url).context["cl"]
            first = found.result_list[0]
            assert "Loved and gone" in (
                str(first),
                str(getattr(getattr(first, "variant", None), "product", "")),
            )
    found = client.get(reverse("admin:catalog_stock_changelist") + "?level=out").context["cl"]
    assert list(found.get_ordering_field_columns().values()) == ["desc"]


def test_the_panel_leads_to_the_shelves_of_its_product(client: Client, variant: Variant) -> None:
    page = index(client, "Merchant").content.decode()
    url = page.partition('id="wanted-heading"')[2].partition('href="')[2].partition('"')[0]
    assert [held.variant.product.name for held in client.get(url).context["cl"].result_list] == [
        "Nearly gone"
    ]


ELSE = r"\d{4}-\d\d-\d\d|\d\d?/\d\d?/\d{2,4}|[ap]\.m\.|[A-Z][a-z]+\.? \d{1,2}, \d{4}"


def test_a_date_looks_the_same_on_every_page(client: Client, busy: list[Order]) -> None:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    product, user = Variant.objects.all()[0].product, make_user()
    pages = [
        *(
            "admin:orders_order_changelist",
            "admin:catalog_stockmovement_changelist",
            "admin:accounts_user_changelist",
        ),
        *("admin:catalog_product_changelist", "admin:outbox_message_changelist"),
    ]
    urls = [
        *(reverse(name) for name in pages),
        reverse("admin:orders_order_change", args=[busy[0].pk]),
        reverse("admin:catalog_product_change", args=[product.pk]),
        reverse("admin:accounts_user_change", args=[user.pk]),
    ]
    today = date_format(timezone.localtime(), "j M Y")
    for url in urls:
        page = re.sub(r"<script.*?</script>|<[^>]+>", " ", client.get(url).content.decode(), flags=re.DOTALL)
        assert today in page, url
        assert re.findall(ELSE, page) == [], url
