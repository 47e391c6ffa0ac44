"""Every public page can be read on a replica alone; an answer from there is that of the primary."""

from pathlib import Path

import pytest
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shop import replicas
from shop.marks import Position
from tests.factories import follow_changes, make_delivery, make_image, make_page, make_product, make_review
from tests.replicas.conftest import caught_up
from tests.shop.test_public_routes import ADDRESSES, body

MORE = ("/gb/p/autumn-hills/", "/c/posters/?sort=price", "/c/posters/?color=red", "/search/?q=hills+nothing")
START = Position(1, 0)


@pytest.fixture
def a_shop(pair: object, settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    (tmp_path / "picture.jpg").write_bytes(b"picture")
    for name in ("Autumn hills", "Winter hills"):
        item = make_product(name, category="Posters", options={"color": ["red", "blue"]})
        make_image(item)
        make_review(item)
    make_page("Delivery")
    make_delivery()
    follow_changes()
    caught_up()


def test_every_statement_of_every_public_page_runs_on_the_replica(a_shop):
    asked: dict[str, tuple[int, bool]] = {}
    for address in [*ADDRESSES.values(), *MORE]:
        plain = Client().get(address)
        with replicas.reading(START), CaptureQueriesContext(connection) as on_the_primary:
            with CaptureQueriesContext(connections[replicas.alias()]) as on_the_replica:
                answer = Client().get(address)
                assert answer.status_code == 200, address
                same = body(answer) == body(plain)
        assert [row["sql"] for row in on_the_primary] == [], address
        asked[address] = (len(on_the_replica), same)
    without = {"/media/picture.jpg", "/robots.txt"}
    assert {address for address, (number, _same) in asked.items() if not number} <= without
    assert [address for address, (_number, same) in asked.items() if not same] == []


def test_the_test_of_the_test_outside_of_it_they_run_on_the_primary(a_shop):
    with CaptureQueriesContext(connection) as seen:
        Client().get("/c/posters/")
    assert len(seen) > 3
