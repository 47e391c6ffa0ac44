"""Whom a product stands beside: the next in popularity, chosen once, and again when one of them leaves."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog import jobs, neighbours
from catalog.models import Category, Listing, Neighbours, Product, ProductLink
from shop.changes import projector
from shop.changes.models import Change
from shop.outbox import drain
from shop.outbox.models import Message
from tests.factories import follow_changes, make_category, make_product

pytestmark = pytest.mark.django_db


def chosen(item: Product, market: str = "eu") -> tuple[list[str], list[str]]:
    """The names of its companions and of its alternatives."""
    row = Neighbours.objects.get(product_id=item.pk, market=market)
    names = dict(Product.objects.values_list("pk", "name"))
    return [names[pk] for pk in row.companions], [names[pk] for pk in row.alternatives]


def posters(number: int, category: str = "Posters") -> list[Product]:
    """Goods of a category, each more popular than the next."""
    return [make_product(f"{category} {n}", category=category, popularity=100 - n) for n in range(number)]


def test_near_are_the_next_on_both_sides_of_its_own_shelf() -> None:
    goods = posters(9)
    posters(2, "Cards")
    follow_changes()
    assert chosen(goods[4])[1] == ["Posters 5", "Posters 3", "Posters 6", "Posters 2"]
    assert chosen(goods[0])[1] == ["Posters 1", "Posters 2", "Posters 3", "Posters 4"]
    assert set(chosen(goods[4])[0]) == {"Cards 0", "Cards 1"}


def test_far_is_found_beyond_a_long_row_of_one_shelf() -> None:
    """Goods that came in one file, none of them sold yet, stand in the market shelf by shelf."""
    goods = [make_product(f"Poster {n}", category="Posters") for n in range(neighbours.WINDOW + 6)]
    make_product("Card", category="Cards")
    follow_changes()
    assert chosen(goods[1])[0] == ["Card"]


def test_without_a_category_its_kind_is_its_shelf() -> None:
    first, *_others = [make_product(f"Pen {n}", kind="Pen") for n in range(3)]
    make_product("Ink", kind="Ink")
    follow_changes()
    assert chosen(first) == (["Ink"], ["Pen 1", "Pen 2"])


def test_who_comes_is_seen_beside_those_it_stands_among() -> None:
    goods = posters(6)
    follow_changes()
    make_product("New", category="Posters", popularity=97)
    follow_changes()
    assert "New" in chosen(goods[3])[1]
    assert "New" in chosen(goods[2])[1]


@pytest.mark.parametrize("how", ["hidden", "deleted", "moved"])
def test_who_leaves_is_replaced_at_once(how: str) -> None:
    goods = posters(9)
    make_category("Cards")
    follow_changes()
    assert "Posters 3" in chosen(goods[4])[1]
    if how == "hidden":
        Product.objects.filter(pk=goods[3].pk).update(is_published=False)
    elif how == "deleted":
        goods[3].delete()
    else:
        Listing.objects.filter(product=goods[3]).update(category=Category.objects.get(slug="cards"))
    follow_changes()
    companions, alternatives = chosen(goods[4])
    assert (len(alternatives), "Posters 3" in alternatives) == (4, False)
    assert ("Posters 3" in companions) == (how == "moved")
    assert Neighbours.objects.filter(product_id=goods[3].pk).exists() == (how == "moved")


def test_who_is_at_home_elsewhere_stands_on_that_shelf() -> None:
    """Its card says the same: it stands in both categories as before."""
    goods = posters(3)
    posters(3, "Cards")
    Listing.objects.create(product=goods[0], category=Category.objects.get(slug="cards"), position=1)
    follow_changes()
    assert chosen(goods[0])[1] == ["Posters 1", "Posters 2"]
    Listing.objects.filter(product=goods[0]).update(is_primary=False)
    Listing.objects.filter(product=goods[0], position=0).update(position=2)
    follow_changes()
    assert set(chosen(goods[0])[1]) == {"Cards 0", "Cards 1", "Cards 2"}


def test_what_is_linked_already_is_not_chosen() -> None:
    goods = posters(9)
    follow_changes()
    ProductLink.objects.create(product=goods[4], other=goods[5], kind="alternative")
    follow_changes()
    assert chosen(goods[4])[1] == ["Posters 6", "Posters 3", "Posters 7", "Posters 2"]


def test_what_one_market_does_not_sell_stands_beside_nothing_there() -> None:
    goods = posters(3)
    make_product("Abroad only", category="Posters", popularity=99, gbp=None)
    follow_changes()
    assert "Abroad only" in chosen(goods[1])[1]
    assert "Abroad only" not in chosen(goods[1], "gb")[1]


def test_sales_far_away_and_a_second_choice_change_nothing() -> None:
    goods = posters(9)
    follow_changes()
    before = list(Neighbours.objects.order_by("id").values())
    neighbours.choose([item.pk for item in goods])
    assert list(Neighbours.objects.order_by("id").values()) == before
    Product.objects.filter(pk=goods[8].pk).update(popularity=91)
    follow_changes()
    assert chosen(goods[0])[1] == ["Posters 1", "Posters 2", "Posters 3", "Posters 4"]


def test_an_emptied_table_is_chosen_again_and_no_card_is_rebuilt() -> None:
    goods = posters(3)
    follow_changes()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE catalog_neighbours")
    effects = projector.asked(list(Change.objects.filter(done_at=None)))
    assert effects.keys == {"html"}
    assert effects.projected == {"neighbours": {item.pk for item in goods}}
    follow_changes()
    assert chosen(goods[0])[1] == ["Posters 1", "Posters 2"]


def test_a_choice_for_many_is_a_handful_of_statements() -> None:
    ids = [item.pk for item in posters(12)]
    follow_changes()
    with CaptureQueriesContext(connection) as asked:
        neighbours.choose(ids)
    assert len([query for query in asked if "catalog_neighbours" in query["sql"]]) == 3


@pytest.fixture
def choices(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by the rows that each choice of neighbours has looked at."""
    counted: list[int] = []
    real = CursorWrapper.execute

    def execute(self: CursorWrapper, sql: Any, params: Any = None) -> Any:
        if sql == neighbours._CHOOSE:
            counted.append(Neighbours.objects.filter(product_id__in=params["ids"]).count())
        return real(self, sql, params)

    monkeypatch.setattr(CursorWrapper, "execute", execute)
    return counted


def brought(number: int, at_a_time: int) -> None:
    """By an import, on two shelves; what it has written is followed while it goes on."""
    for start in range(0, number, at_a_time):
        for n in range(start, start + at_a_time):
            make_product(f"New {n}", category=("Posters", "Cards")[n % 2])
        follow_changes()


@pytest.mark.parametrize("is_put_off", [True, False], ids=["once an import", "broken: with each part"])
def test_each_that_an_import_brings_chooses_once(
    choices: list[int], monkeypatch: pytest.MonkeyPatch, is_put_off: bool
) -> None:
    posters(6)
    posters(6, "Cards")
    follow_changes()
    choices.clear()
    monkeypatch.setattr(neighbours, "FEW", 2 if is_put_off else 1_000)
    brought(24, 6)
    neighbours.choose_now()
    follow_changes()
    neighbours.choose_now()
    follow_changes()
    rows = 2 * 24  # each in two markets
    assert not Neighbours.objects.filter(chosen_at=None).exists()
    assert all(len(row.alternatives) == 4 for row in Neighbours.objects.all())
    # Beside the new ones, those that they have come to stand among.
    others = 2 * 8
    assert (rows <= sum(choices) <= rows + others) is is_put_off


def test_who_had_chosen_before_the_newcomers_came_chooses_again_and_they_do_not(choices: list[int]) -> None:
    goods = posters(6)
    follow_changes()
    choices.clear()
    made = [make_product(f"New {n}", category="Posters", popularity=97) for n in range(3)]
    follow_changes()
    assert choices[0] == 2 * len(made)
    assert 0 < sum(choices[1:]) <= 2 * len(goods)
    assert "New 0" in chosen(goods[2])[1]


def test_many_are_put_off_to_one_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "FEW", 2)
    monkeypatch.setattr(neighbours, "CHUNK", 3)
    goods = posters(7)
    follow_changes()
    (message,) = Message.objects.filter(job="catalog.choose_neighbours")
    assert timedelta(0) < message.due_at - timezone.now() < timedelta(minutes=1)
    assert chosen(goods[0]) == ([], [])
    jobs.choose_neighbours()
    assert chosen(goods[0])[1] == ["Posters 1", "Posters 2", "Posters 3", "Posters 4"]


def test_what_an_import_brings_is_put_off_however_few_are_followed_together() -> None:
    goods = posters(2)
    with transaction.atomic():
        projector.part_of_many()
        neighbours.choose([goods[0].pk])
    Message.objects.get(job="catalog.choose_neighbours")


def test_what_one_job_cannot_do_the_next_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "FEW", 2)
    goods = posters(5)
    follow_changes()
    Message.objects.all().delete()
    monkeypatch.setattr(neighbours, "SLICE", -1.0)
    neighbours.choose_now()
    (message,) = Message.objects.filter(job="catalog.choose_neighbours")
    monkeypatch.setattr(neighbours, "SLICE", 20.0)
    drain.run(message)
    assert len(chosen(goods[0])[1]) == 4
