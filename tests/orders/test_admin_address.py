"""An address or e-mail that was written wrong is corrected on the desk, while not all has left."""

from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from orders import addresses, links, mailing, payments, shipments, states
from orders.models import Order
from shop.outbox import drain
from tests.factories import make_tax_class
from tests.orders.conftest import member
from tests.orders.test_admin import page
from tests.orders.test_admin_moving import said

pytestmark = pytest.mark.django_db
Status = Order.Status


@pytest.fixture
def paid(order: Order) -> Order:
    payments.begin(order, "pays")
    order.refresh_from_db()
    return order


def correcting(order: Order) -> str:
    return reverse("admin:orders_order_address", args=[order.pk])


def written(**parts: str) -> dict[str, str]:
    whole = {"name": "Ada Lovelace", "line1": "Unter den Linden 1", "postcode": "10117", "city": "Berlin"}
    given = {"company": "", "line2": "", "country": "DE", "phone": "", "email": "ada@example.com"}
    return {**whole, **given, **parts}


def test_a_corrected_address_is_where_it_goes_and_the_timeline_says_what_it_was(
    merchant: Client, paid: Order
) -> None:
    assert f'{correcting(paid)}"' in merchant.get(page(paid)).content.decode()
    invoice = paid.invoices.get().content
    sent = written(line1="Unter den Linden  11", line2="c/o Babbage", postcode="10 119")
    assert said(merchant, correcting(paid), sent) == ["Address corrected"]
    paid.refresh_from_db()
    assert (paid.line1, paid.line2, paid.postcode) == ("Unter den Linden 11", "c/o Babbage", "10119")
    event = paid.events.get(kind="address_changed")
    assert event.actor is not None
    assert "Street and number: Unter den Linden 1 → Unter den Linden 11" in event.note
    assert "Flat, floor: – → c/o Babbage" in event.note
    assert "10117 → 10119" in event.note
    text = merchant.get(page(paid)).content.decode()
    assert "Address corrected" in text
    assert "Unter den Linden 11" in text
    assert paid.invoices.get().content == invoice


def test_a_corrected_email_gets_what_is_mailed_from_now_on_and_finds_the_order(
    merchant: Client, client: Client, paid: Order
) -> None:
    assert f'{correcting(paid)}#id_email"' in merchant.get(page(paid)).content.decode()
    drain.drain("normal")
    invoice, link = paid.invoices.get(), links.path(paid)
    mail.outbox.clear()
    assert said(merchant, correcting(paid), written(email="ada@exemple.org")) == ["Address corrected"]
    note = paid.events.get(kind="address_changed").note
    assert note == "E-mail: ada@example.com → ada@exemple.org"
    assert paid.invoices.get() == invoice
    assert paid.invoices.get().content == invoice.content

    mailing.again(paid, "confirmation")
    states.move(Order.objects.get(), Status.SHIPPED)
    drain.drain("normal")
    assert [message.to for message in mail.outbox] == [["ada@exemple.org"]] * 2

    mail.outbox.clear()
    for email in ("ada@example.com", "ada@exemple.org"):
        client.post("/track/", {"number": paid.number, "email": email})
    drain.drain("normal")
    (message,) = mail.outbox
    assert message.to == ["ada@exemple.org"]
    assert link in message.body


def test_what_is_as_it_was_is_no_event(merchant: Client, paid: Order) -> None:
    assert said(merchant, correcting(paid), written()) == ["Address as it was"]
    assert not paid.events.filter(kind="address_changed").exists()


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"postcode": "1011"}, "has 5 digits, this one has 4"),
        ({"line1": ""}, "Please enter the street and the number."),
        ({"name": "x" * 121}, "at most 120 characters"),
        ({"city": "Ber\x00lin"}, "control characters"),
        ({"country": "FR", "postcode": "75001"}, "The country stays"),
        ({"country": ""}, "The country stays"),
        ({"email": ""}, "Please enter the e-mail."),
        ({"email": "ada@example"}, "The part after the @ is not complete"),
    ],
)
def test_what_the_country_does_not_write_so_is_told(
    merchant: Client, paid: Order, parts: dict[str, str], told: str
) -> None:
    text = merchant.post(correcting(paid), written(**parts)).content.decode()
    assert told in text
    paid.refresh_from_db()
    assert (paid.line1, paid.country, paid.email) == ("Unter den Linden 1", "DE", "ada@example.com")


def test_a_region_with_another_tax_is_not_written(merchant: Client, paid: Order) -> None:
    for region, rate in (("CA", "0.0725"), ("OR", "0"), ("MT", "0")):
        row = make_tax_class().rates.create(country="US", region=region, rate=rate)
        assert row.pk
    Order.objects.update(country="US", region="OR", city="Portland", postcode="97201")
    sent = written(country="US", region="CA", city="Eureka", postcode="95501")
    assert "The tax is another one there" in merchant.post(correcting(paid), sent).content.decode()
    with pytest.raises(addresses.TaxedElsewhere):
        addresses.correct(paid, {"region": "CA"})
    sent = written(country="US", region="MT", city="Eureka", postcode="59917")
    assert said(merchant, correcting(paid), sent) == ["Address corrected"]
    paid.refresh_from_db()
    assert paid.region == "MT"


def test_the_decision_keeps_the_country(paid: Order) -> None:
    with pytest.raises(addresses.TaxedElsewhere):
        addresses.correct(paid, {"country": "FR"})


def test_long_parts_lose_nothing_of_what_was_there(paid: Order) -> None:
    Order.objects.update(line1="a" * 130, line2="b" * 130)
    addresses.correct(paid, {"line1": "c" * 130, "line2": "d" * 130})
    notes = [event.note for event in paid.events.filter(kind="address_changed")]
    assert ["a" * 130 in notes[0], "b" * 130 in notes[1]] == [True, True]


def test_the_longest_emails_have_room_in_the_timeline(paid: Order) -> None:
    old, new = (f"{letter * 64}@{letter * 60}.{letter * 60}.{letter * 60}.org" for letter in "ab")
    Order.objects.update(email=old)
    assert addresses.correct(paid, {"email": new}) == ["email"]
    notes = [event.note for event in paid.events.filter(kind="address_changed")]
    assert "".join(notes) == f"E-mail: {old} → {new}"


def test_a_part_that_has_left_leaves_the_rest_to_be_sent_elsewhere(merchant: Client, paid: Order) -> None:
    shipments.ship(paid, {paid.lines.get().pk: 1})
    assert said(merchant, correcting(paid), written(line1="Elsewhere 2")) == ["Address corrected"]
    shipments.ship(paid)
    assert "stays as it is" in said(merchant, correcting(paid), written(line1="Elsewhere 3"))[0]
    assert correcting(paid) not in merchant.get(page(paid)).content.decode()
    with pytest.raises(states.WrongMove):
        addresses.correct(paid, {"line1": "Elsewhere 3"})


def test_who_does_not_ship_corrects_nothing(client: Client, paid: Order) -> None:
    helper = member(client, "Support")
    assert correcting(paid) not in helper.get(page(paid)).content.decode()
    answers: list[Any] = [helper.get(correcting(paid)), helper.post(correcting(paid), written())]
    assert [answer.status_code for answer in answers] == [403, 403]
