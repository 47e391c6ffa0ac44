"""What a public page reads is noted when it changes: a table without triggers leaves it stale for ever."""

import re

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.models import Block, ProductLink
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
    "/search/?q=thing&colour=red",
    "/search/?q=xyzzy",
    "/info/help/",
    "/sitemap.xml",
    "/robots.txt",
)


@pytest.fixture
def tables_read(client: Client) -> set[str]:
    """Names of all tables in the statements of the public pages, in a shop that has some of everything."""
    make_delivery(["DE"])
    thing, other = (
        make_product(
            name, category=make_category("Wall"), values={"colour": ["Red"]}, options={"size": ["A4", "A3"]}
        )
        for name in ("Thing", "Other")
    )
    make_image(thing)
    make_review(thing, 5)
    make_page("Help", slug="help")
    ProductLink.objects.create(product=thing, other=other)
    for kind in Block.Kind.values:
        Block.objects.create(kind=kind, title=kind, image=make_image(), goods={"category": "wall"})
    follow_changes()
    with CaptureQueriesContext(
        connection,
    ) as seen:
        for path in PAGES:
            assert client.get(path).status_code == 200, path
    return {name for query in seen for name in re.findall(r'(?:FROM|JOIN)\s+"?([a-z_]+)"?', query["sql"])}


def test_every_table_that_a_public_page_reads_has_triggers_and_a_rule(tables_read: set[str]) -> None:
    models = {model._meta.db_table: model for model in apps.get_models()}
    read = {models[name] for name in tables_read if name in models}
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
    assert {model._meta.label for model in read - noted} == set()
