"""generate_catalog over several connections, stopped, and where it cannot begin."""

import time

import pytest
from django.core.management import CommandError, call_command

from catalog.demo import volume
from catalog.models import Card, Product
from tests.catalog.test_generate import generated, load_goods

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
def test_many_are_made_in_batches_over_several_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    load_goods()
    monkeypatch.setattr(volume, "BATCH", 20)
    assert sum(volume.generate(90)) == 90
    made = generated(Product, "")
    assert made.count() == 90
    assert Card.objects.filter(product_id__in=made.values("pk")).count() == 180


@pytest.mark.django_db(transaction=True)
def test_who_stops_it_waits_only_for_what_has_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    load_goods()
    make = volume.make

    def slowly(first: int, last: int, origins: int) -> list[int]:
        time.sleep(0.2)
        return make(first, last, origins)

    monkeypatch.setattr(volume, "BATCH", 5)
    monkeypatch.setattr(volume, "make", slowly)
    begun = volume.generate(100)
    assert next(begun) == 5
    begun.close()
    assert generated(Product, "").count() < 100


def test_without_the_demos_goods_the_command_says_what_to_do() -> None:
    with pytest.raises(CommandError, match="load_demo"):
        call_command("generate_catalog", products=5)


@pytest.mark.parametrize("number", [0, -3])
def test_none_and_fewer_are_refused(number: int) -> None:
    with pytest.raises(CommandError, match="1 or more"):
        call_command("generate_catalog", products=number)
