"""The home page's blocks at the desk: what a row of goods may say, and what is refused in words."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from catalog.demo import load
from catalog.models import Block
from catalog.queries import blocks
from tests.factories import make_category, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client) -> Client:
    """Somebody who may do everything."""
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def complaints(desk: Client, block: Block, **typed: object) -> list[str]:
    """What the desk says of these goods, typed into the block's form; nothing if it saves them."""
    address = reverse("admin:catalog_block_change", args=(block.pk,))
    form = desk.get(address).context["adminform"].form
    sent = {bound.html_name: bound.value() for bound in form}
    sent = {name: value for name, value in sent.items() if value is not None and value is not False}
    answer = desk.post(address, {**sent, **{name: json.dumps(value) for name, value in typed.items()}})
    return [] if answer.status_code == 302 else answer.context["adminform"].form.errors.get("goods", ["?"])


def test_every_block_of_the_demo_is_saved_as_it_stands(desk: Client) -> None:
    load._content()
    rows = list(Block.objects.values())
    assert rows
    for block in Block.objects.all():
        assert complaints(desk, block) == []
    assert list(Block.objects.values()) == rows


@pytest.mark.parametrize(
    "goods",
    [
        {"category": "wall", "sort": "price"},
        {"sale": True, "sort": "name", "count": 8},
        {"slugs": ["thing-3", "to-come"]},
        {"max_price": "24.90", "sort": "-price"},
        {"max_price": 25},
        {},
    ],
    ids=str,
)
def test_whatever_a_page_understands_the_desk_saves(desk: Client, goods: dict) -> None:
    make_category("Wall")
    block = Block.objects.create(kind="cards", title="Row")
    assert complaints(desk, block, goods=goods) == []
    block.refresh_from_db()
    assert block.goods == goods
    assert set(goods) <= blocks.RULES


@pytest.mark.parametrize(
    ("goods", "said"),
    [
        ({"category": "wall/prints"}, 'There is no category "wall/prints". Write one of these: wall.'),
        ({"category": "c/wall"}, "There is no category"),
        ({"category": "nowhere"}, "There is no category"),
        ({"category": ["wall"]}, "There is no category"),
        ({"slugs": "thing-3"}, "what stands in the addresses"),
        ({"slugs": ["p/thing-3"]}, "what stands in the addresses"),
        ({"sort": "cheap"}, "popular, new, price, -price, name"),
        ({"max_price": "cheap"}, "an amount"),
        ({"max_price": "1e999"}, "an amount"),
        ({"sale": "yes"}, "true or false"),
        ({"count": 100}, "from 1 to 24"),
        ({"count": True}, "from 1 to 24"),
        ({"shelf": "wall"}, "Use these names only: category, count, max_price, sale, slugs, sort."),
        (["wall"], "Use these names only"),
    ],
    ids=str,
)
def test_what_no_page_understands_is_refused_in_words(desk: Client, goods: object, said: str) -> None:
    make_category("Wall")
    block = Block.objects.create(kind="cards", title="Row")
    (text,) = complaints(desk, block, goods=goods)
    assert said in text
