"""One confirmation an order, in the words and the market of its moment."""

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client, override_settings

from catalog.models import Image, Variant
from orders import emails, jobs, links, payments, refunds, states
from orders.models import Order
from orders.placement import place_order
from shop import markets
from tests.factories import make_image, make_user
from tests.orders.conftest import make_draft

pytestmark = pytest.mark.django_db


def test_the_confirmation_says_what_was_bought_and_where_to_look(order: Order) -> None:
    payments.begin(order, "pays")
    jobs.send_confirmation(order.pk)
    (sent,) = mail.outbox
    assert order.number in sent.subject
    html = str(sent.alternatives[0][0])
    for text in (sent.body, html):
        for words in ("Two suns over Cadiz", "€25.00", "Unter den Linden 1", links.path(order)):
            assert words in text
    assert "waits for its payment" not in sent.body


def both() -> list[str]:
    """The one mail's text and its HTML."""
    (sent,) = mail.outbox
    return [str(sent.body), str(sent.alternatives[0][0])]


def test_money_on_its_way_is_said_as_the_page_says_it(client: Client, order: Order) -> None:
    payments.begin(order, "pending")
    jobs.send_confirmation(order.pk)
    page = client.get(links.path(order)).content.decode()
    assert "still on its way" in page
    assert "we write" not in page  # there is one mail only, and this was it
    for text in both():
        assert "Your payment is on its way to us. There is nothing to do." in text
        assert "waits for its payment" not in text


def test_money_that_did_not_come_is_asked_for(order: Order) -> None:
    payment = payments.begin(order, "pending").payment
    payment.status = "declined"
    payment.save()
    jobs.send_confirmation(order.pk)
    for text in both():
        assert "waits for its payment" in text
        assert "on its way to us" not in text


@pytest.mark.parametrize("goes_back", [True, False])
def test_who_cancels_and_sends_the_money_back_does_not_say_that_somebody_will(
    order: Order, goes_back: bool
) -> None:
    payments.begin(order, "pays")
    states.move(order, Order.Status.CANCELLED)
    if goes_back:
        refunds.refund(order, order.money("total"))
    jobs.send_cancelled(order.pk)
    said = str(mail.outbox[-1].body)
    assert ("All of it goes back the way it came" in said) is goes_back
    assert ("one of us does that by hand" in said) is not goes_back


def test_an_order_of_a_market_that_is_gone_is_confirmed_in_the_default_one(variant: Variant) -> None:
    order = place_order(make_draft((variant, 1), market="gb", language="en-gb"))
    with override_settings(MARKETS=settings.MARKETS[:1]):
        payments.begin(order, "pays")
        jobs.send_confirmation(order.pk)
        assert all(links.path(order) in text and "/gb/" not in text for text in both())


def test_a_job_that_runs_twice_sends_once(order: Order) -> None:
    jobs.send_confirmation(order.pk)
    jobs.send_confirmation(order.pk)
    assert len(mail.outbox) == 1
    assert order.events.filter(kind="confirmation_sent").count() == 1


def test_a_mail_nobody_took_is_sent_by_the_next_try(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("shop.mail.send", lambda *args, **more: (_ for _ in ()).throw(ConnectionError))
        with pytest.raises(ConnectionError):
            jobs.send_confirmation(order.pk)
    jobs.send_confirmation(order.pk)
    assert len(mail.outbox) == 1


def test_a_british_order_is_confirmed_with_british_links(variant: Variant) -> None:
    order = place_order(make_draft((variant, 1), market="gb", language="en-gb"))
    jobs.send_confirmation(order.pk)
    assert f"/gb{links.path(order, market=markets.default())}" in mail.outbox[0].body


def test_an_order_that_is_gone_is_no_error(db: None) -> None:
    jobs.send_confirmation(10**9)
    jobs.send_tracking(10**9)
    assert mail.outbox == []


def test_a_picture_that_was_made_after_the_order_is_in_its_mail_and_pages(
    client: Client, variant: Variant
) -> None:
    """A line copies what there was; where that was nothing yet, what is there at sending stands in."""
    ada = make_user("ada@example.com")
    order = place_order(make_draft((variant, 1), customer_id=ada.pk))
    blank = {"alt": "", "width": 1600, "height": 2000, "src": None, "srcset": {}, "mat": ""}
    order.lines.update(picture=blank)
    Image.objects.all().delete()
    image = make_image(variant.product)
    jobs.send_confirmation(order.pk)
    src = image.renditions["src"]
    assert src in mail.outbox[0].alternatives[0][0]
    client.force_login(ada)
    for path in ("/account/orders/", links.path(order)):
        assert src in client.get(path).content.decode(), path
    order.lines.update(picture={**blank, "src": "/media/as-it-was.jpg"})
    assert src not in client.get("/account/orders/").content.decode()


@pytest.mark.parametrize("kind", ["confirmation", "payment", "shipped", "cancelled", "tracking"])
def test_no_mail_says_what_a_shop_sells_or_how_it_is_made(order: Order, kind: str) -> None:
    getattr(emails, kind)(order)
    text = (mail.outbox[0].body + mail.outbox[0].alternatives[0][0]).replace(
        "Things on paper, drawn by code and printed by hand.",
        "",  # Deckle's slogan, a setting
    )
    for word in (" print", " flat", "on paper"):
        assert word not in text
