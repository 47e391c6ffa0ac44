"""Money that no order knows is one row on the desk, until it has gone back or somebody has seen to it."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from orders import gateways, jobs, payments
from orders.models import Order, Payment, StrayMoney
from shop.outbox import drain
from tests.factories import make_user
from tests.orders.conftest import eur
from tests.orders.test_webhooks import post
from tests.stripe.double import Double

pytestmark = pytest.mark.django_db
CARD, HOSTED = "card", "hosted"


def events(double: Double, *kinds: str) -> list[dict[str, Any]]:
    return [event for event in double.events if event["type"] in kinds]


@pytest.fixture
def strange(order: Order, double: Double) -> str:
    """Paid, and nobody here knows: its name there."""
    reference = payments.begin(order, CARD, token=double.token()).payment.reference
    Payment.objects.all().delete()
    return str(reference)


def rows() -> list[tuple[Any, ...]]:
    return list(StrayMoney.objects.values_list("gateway", "reference", "amount", "currency", "status"))


def test_the_webhook_and_the_reconciler_find_the_same_one(
    client: Client, strange: str, double: Double
) -> None:
    (paid,) = events(double, "payment_intent.succeeded")
    for _ in range(2):
        assert post(client, paid) == 204
        jobs.compare_payments()
    assert rows() == [("stripe", strange, eur("25.00").amount, "EUR", "succeeded")]


def test_what_was_paid_at_the_providers_page_is_one_though_told_by_two_names(
    client: Client, order: Order, double: Double
) -> None:
    begun = payments.begin(order, HOSTED)
    double.visit(begun.redirect_url, number="4242424242424242")
    Payment.objects.all().delete()
    for event in double.events:
        assert post(client, event) == 204
    jobs.compare_payments()
    (row,) = rows()
    assert row[1] == double.state["intents"][0]["id"]


@pytest.mark.parametrize("choice", [CARD, HOSTED])
def test_what_another_shop_of_the_account_has_sold_is_its_own_business(
    client: Client, order: Order, double: Double, settings: Any, choice: str
) -> None:
    begun = payments.begin(order, choice, token=double.token() if choice == CARD else "")
    if choice == HOSTED:
        double.visit(begun.redirect_url, number="4242424242424242")
    Payment.objects.all().delete()
    settings.SITE_URL = "https://the-other-shop.example"
    for event in double.events:
        assert post(client, event) == 204
    jobs.compare_payments()
    assert rows() == []


def test_what_names_no_shop_may_be_ours(client: Client, strange: str, double: Double) -> None:
    (paid,) = events(double, "payment_intent.succeeded")
    del paid["data"]["object"]["metadata"]["shop"]
    assert post(client, paid) == 204
    assert [row[1] for row in rows()] == [strange]


def test_what_was_only_approved_becomes_taken_or_goes(
    client: Client, order: Order, double: Double, settings: Any
) -> None:
    settings.STRIPE_CAPTURE = "manual"
    names = []
    for way in ("capture", "withdraw"):
        payment = payments.begin(order, CARD, token=double.token()).payment
        Payment.objects.all().delete()
        Order.objects.update(status="placed")
        names.append(str(payment.reference))
        for event in events(double, "payment_intent.amount_capturable_updated"):
            post(client, event)
        getattr(gateways.get(), way)(names[-1], key=way)
    assert {row[4] for row in rows()} == {"authorized"}
    for event in events(double, "payment_intent.succeeded", "payment_intent.canceled"):
        post(client, event)
    assert dict(StrayMoney.objects.values_list("reference", "status")) == dict(
        zip(names, ("succeeded", "gone"), strict=True)
    )


def test_nothing_is_written_of_what_is_no_money_or_doubtful(
    client: Client, strange: str, double: Double
) -> None:
    (paid,) = events(double, "payment_intent.succeeded")
    assert post(client, {**paid, "livemode": True}) == 204
    assert post(client, {**paid, "account": "acct_1"}) == 204
    paid["data"]["object"]["status"] = "processing"
    assert post(client, {**paid, "type": "payment_intent.processing"}) == 204
    assert rows() == []


def test_what_went_back_at_the_providers_desk_waits_for_nobody(
    client: Client, strange: str, double: Double
) -> None:
    jobs.compare_payments()
    for amount, ends in (("5.00", "succeeded"), ("20.00", "gone")):
        gateways.get().refund(strange, key=f"desk-{amount}", amount=eur(amount))
        for event in events(double, "refund.created")[-1:]:
            assert post(client, event) == 204
        drain.drain("high")
        stray = StrayMoney.objects.get()
        assert (stray.status, stray.closed_at is None) == (ends, ends == "succeeded")


def merchant(group: str) -> Client:
    user = make_user(f"{group.lower()}@example.com", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user)
    return client


def test_the_desk_says_so_until_somebody_has_seen_to_it(strange: str) -> None:
    desk = merchant("Merchant")
    assert "payment of no order" not in desk.get("/admin/").content.decode()
    page = desk.get("/admin/orders/straymoney/").content.decode()
    assert "None: every payment belongs to an order." in page
    assert "Wait for" not in page
    jobs.compare_payments()
    assert "payment of no order" in desk.get("/admin/").content.decode()
    page = desk.get("/admin/orders/straymoney/?seen=no").content.decode()
    assert strange in page
    assert "€25.00" in page
    stray = StrayMoney.objects.get()
    assert desk.get(f"/admin/orders/straymoney/{stray.pk}/change/").status_code == 200
    assert desk.get("/admin/orders/straymoney/add/").status_code == 403
    act = {"action": "see_to", "_selected_action": stray.pk}
    support = merchant("Support")
    assert strange in support.get("/admin/orders/straymoney/").content.decode()
    support.post("/admin/orders/straymoney/", act)
    assert StrayMoney.objects.get().closed_at is None
    desk.post("/admin/orders/straymoney/", act)
    assert StrayMoney.objects.get().closed_at is not None
    jobs.compare_payments()
    assert "payment of no order" not in desk.get("/admin/").content.decode()
