"""Finding an order again: the link goes by mail to whom it belongs, and the page tells nobody anything."""

import re

import pytest
from django.core import mail
from django.test import Client

from orders import links
from orders.models import Order
from shop.outbox import drain
from shop.outbox.models import Message

pytestmark = pytest.mark.django_db


def ask(client: Client, number: str, email: str) -> str:
    answer = client.post("/track/", {"number": number, "email": email})
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("spelling", ["{}", "#{}", " {} "])
def test_the_link_is_mailed(client: Client, order: Order, spelling: str) -> None:
    ask(client, spelling.format(order.number.lower()), "ADA@example.com")
    drain.drain("normal")
    assert [message.to for message in mail.outbox] == [["ada@example.com"]]
    assert links.path(order) in mail.outbox[0].body


def test_the_answer_is_the_same_whether_or_not_there_is_such_an_order(client: Client, order: Order) -> None:
    answers = {
        re.sub(r"csrf\S+", "", ask(client, number, email))
        for number, email in (
            (order.number, order.email),
            (order.number, "eve@example.com"),
            ("D99999", order.email),
            ("D٣", order.email),
            ("9" * 20, order.email),
        )
    }
    assert len(answers) == 1
    assert Message.objects.filter(job="orders.send_tracking").count() == 1


def test_what_is_no_number_or_address_is_told(client: Client) -> None:
    page = client.post("/track/", {"number": "", "email": "ada"})
    assert page.status_code == 422
    assert "Please enter the number of your order." in page.content.decode()
    assert "has an @" in page.content.decode()


def test_guessing_is_slowed_down(client: Client, order: Order) -> None:
    answers = [
        client.post("/track/", {"number": f"D{number}", "email": f"eve{number}@example.com"}).status_code
        for number in range(12)
    ]
    assert answers == [200] * 10 + [429] * 2


def test_who_is_asked_after_very_often_gets_ten_mails_and_reads_the_same(order: Order) -> None:
    asked = {"number": order.number, "email": order.email}
    answers = [Client(REMOTE_ADDR=f"10.0.0.{number}").post("/track/", asked) for number in range(12)]
    assert {answer.status_code for answer in answers} == {200}
    assert Message.objects.filter(job="orders.send_tracking").count() == 10
