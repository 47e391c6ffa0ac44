"""What a public page reads is noted when it changes: a table without triggers leaves it stale for ever."""

import re

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.models import Block, Category, Product, ProductLink
from shop.changes import rules
from tests.factories import (
    follow_changes,
    make_category,
    make_delivery,
    make_image,
    make_page,
    make_product,
    make_review,
)

pytestmark = pytest.mark.django_db
PAGES = (
    "/",
    "/c/wall/?colour=red&min=1&sort=price",
    "/p/thing/",
    "/p/thing/?size=a4",
    "/p/thing-of-old/",
    "/c/wall-of-old/",
    "/p/nothing/",
    "/search/?q=thing&colour=red",
    "/search/?q=xyzzy",
    "/search/suggest/?q=thing",
    "/search/suggest/?q=xyzzy",
    "/info/help/",
    "/sitemap.xml",
    "/robots.txt",
)


@pytest.fixture
def statements(client: Client) -> list[str]:
    """All statements of the public pages, in a shop that has some of everything."""
    make_delivery(["DE"])
    thing, other = (
        make_product(
            name, category=make_category("Wall"), values={"colour": ["Red"]}, options={"size": ["A4", "A3"]}
        )
        for name in ("Thing", "Other")
    )
    Product.objects.filter(pk=other.pk).update(slug="thing-of-old")
    Product.objects.filter(pk=other.pk).update(slug="other")
    Category.objects.filter(slug="wall").update(slug="wall-of-old")
    Category.objects.filter(slug="wall-of-old").update(slug="wall")
    make_image(thing)
    make_review(thing, 5)
    make_page("Help", slug="help")
    ProductLink.objects.create(product=thing, other=other)
    for kind in Block.Kind.values:
        Block.objects.create(kind=kind, title=kind, image=make_image(), goods={"category": "wall"})
    follow_changes()
    with CaptureQueriesContext(connection) as seen:
        statuses = {path: client.get(path).status_code for path in PAGES}
    assert {path: status for path, status in statuses.items() if status != 200} == {
        "/p/thing-of-old/": 301,
        "/c/wall-of-old/": 301,
        "/p/nothing/": 404,
    }
    return [query["sql"] for query in seen]


# What a query's words are, and who else asked them, decide how goods are looked for, and no page prints them.
UNNOTED = {"catalog.Word", "catalog.Vocabulary", "catalog.Taught", "catalog.QueryCount"}


def test_every_table_that_a_public_page_reads_has_triggers_and_a_rule(statements: list[str]) -> None:
    models = {model._meta.db_table: model for model in apps.get_models()}
    names = {name for sql in statements for name in re.findall(r'(?:FROM|JOIN)\s+"?([a-z_]+)"?', sql)}
    read = {models[name] for name in names if name in models}
    assert {model.__name__ for model in read} >= {
        "Card",
        "Category",
        "Product",
        "Variant",
        "Image",
        "Block",
        "Page",
    }
    noted = {
        model
        for model in read
        if any(trigger.name == "noted_update" for trigger in getattr(model._meta, "triggers", ()))
        and model._meta.label_lower in rules.labels()
    }
    assert {model._meta.label for model in read - noted} <= UNNOTED


def test_no_statement_of_a_public_page_asks_the_database_for_the_time(statements: list[str]) -> None:
    """The clock of a replica may be late: what begins at a moment is written then, and purged."""
    clock = re.compile(r"\b(now|\w+_timestamp|localtime\w*|current_(date|time)\w*|timeofday|age)\b", re.I)
    assert [sql for sql in statements if clock.search(sql)] == []
