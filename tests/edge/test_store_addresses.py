"""A page is stored under its one address, however it was asked for."""

import pytest
from django.test import Client

from tests.edge.said import opened as opened
from tests.edge.said import shop

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("opened")]


@pytest.mark.parametrize(
    "address",
    ["/page/?utm_source=x", "/page/?sort=", "/page/?srsltid=AfmBO-x_1", "/page/?_ga=2.3&gclid=%ED%A0%80"],
)
def test_a_page_is_stored_once_under_whatever_address_it_was_asked_for(client: Client, address: str) -> None:
    for _ in range(2):
        assert client.get(address).status_code == 200
        assert client.get("/page/").status_code == 200
    assert shop.asked == 1


def test_in_whatever_order_its_address_says_it(client: Client) -> None:
    for address in ("/page/?sort=b&sort=a", "/page/?sort=a&utm_x=&sort=b", "/page/?sort=b&&sort=a&"):
        assert client.get(address).status_code == 200
    assert shop.asked == 1


@pytest.mark.parametrize("query", ["sort=%61", "s%6Frt=a", "sort=a&sort=a", "sort=+a"])
def test_another_spelling_is_sent_to_the_address(client: Client, query: str) -> None:
    client.get("/page/?sort=a")
    answer = client.get(f"/page/?{query}")
    assert (answer.status_code, answer["Location"]) == (302, "/page/?sort=a")
