"""Every public page can be read on a replica alone; an answer from there is that of the primary."""

from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from catalog.models import Product
from shop.embedded.replica import Replica
from tests.factories import follow_changes, make_delivery, make_image, make_page, make_product, make_review
from tests.replicas.conftest import caught_up
from tests.shop.test_public_routes import ADDRESSES, body

MORE = ("/gb/p/autumn-hills/", "/c/posters/?sort=price", "/c/posters/?color=red", "/search/?q=hills+nothing")


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


def test_every_statement_of_every_public_page_runs_on_a_replica(a_shop):
    different, on_the_primary = [], {}
    for address in [*ADDRESSES.values(), *MORE]:
        with override_settings(DATABASE_REPLICAS=[]):
            plain = Client().get(address)
        with (
            CaptureQueriesContext(connection) as seen,
            CaptureQueriesContext(connections["replica1"]) as one,
            CaptureQueriesContext(connections["replica2"]) as other,
        ):
            answer = Client().get(address)
            assert answer.status_code == 200, address
            if address != ADDRESSES["edge/canary"] and body(answer) != body(plain):
                different.append(address)
        if seen:
            on_the_primary[address] = [row["sql"] for row in seen]
        assert bool(one) != bool(other) or address == ADDRESSES["media/<path:path>"], address
    assert on_the_primary == {}
    assert different == []


def rename(name: str) -> None:
    Product.objects.filter(slug="autumn-hills").update(name=name)
    follow_changes()


def read_for(name: str) -> tuple[int, int]:
    """How often the catalogue was read on replicas and on the primary, to show a product of that name."""
    with (
        CaptureQueriesContext(connection) as here,
        CaptureQueriesContext(connections["replica1"]) as one,
        CaptureQueriesContext(connections["replica2"]) as other,
    ):
        assert name in Client().get("/p/autumn-hills/").content.decode()
    there = [*one, *other]
    return sum("catalog_" in row["sql"] for row in there), sum("catalog_" in row["sql"] for row in here)


def test_what_no_replica_can_know_yet_is_read_on_the_primary_at_once(
    a_shop: None, pair: list[Replica], settings: Any
) -> None:
    """The store knows what a page showed, and so what it needs: else it is rendered twice, once in vain."""
    settings.PAGE_STORE = True
    read_for("Autumn hills")
    for server in pair:
        server.hold_back(60_000)
    rename("Spring hills")
    there, here = read_for("Spring hills")
    assert (there, here > 3) == (0, True)
    for server in pair:
        server.hold_back(0)
    rename("Summer hills")
    caught_up()
    there, here = read_for("Summer hills")
    assert (there > 3, here) == (True, 0)


def test_the_test_of_the_test_without_replicas_they_run_on_the_primary(a_shop):
    with override_settings(DATABASE_REPLICAS=[]), CaptureQueriesContext(connection) as seen:
        Client().get("/c/posters/")
    assert len(seen) > 3
