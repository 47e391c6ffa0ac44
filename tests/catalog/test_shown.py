"""Each column that a page, a card or a search reads is watched by its model's trigger, and no other one."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchVectorField
from django.db import connection, models, transaction
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from catalog.models import (
    Attribute,
    Block,
    Image,
    Method,
    Pin,
    Price,
    Product,
    ProductLink,
    Refreshed,
    Sale,
    SteeredQuery,
    Synonym,
    TaxClass,
    Variant,
    Zone,
)
from catalog.stock import rush
from shop.changes.models import Change
from tests.emptying import filled
from tests.factories import (
    add_variant,
    follow_changes,
    make_category,
    make_delivery,
    make_image,
    make_page,
    make_product,
    make_review,
    make_value,
)

# What no page, card or search reads; every other column is shown. A new column has to be put here or there.
NOT_SHOWN = {
    "catalog.product": {"external_id", "created_at", "updated_at"},
    "catalog.variant": {"weight_grams", "external_id"},
    "catalog.stock": {"is_split", "split_at"},  # how it is kept, not how much there is
    "catalog.stockbucket": {"place"},
    "catalog.image": {"drawing", "source"},
    "catalog.review": {"external_id"},
    "catalog.sale": {"is_imported"},
    "catalog.category": {"numchild"},  # the tree's own bookkeeping: path and depth say the same
    "catalog.neighbours": {"shelf", "rank", "placed_at", "chosen_at"},  # by which they are chosen
    "catalog.card": {"currency"},  # its market's, which the settings name
    "catalog.zone": {"code", "name"},
    "catalog.synonym": {"changed_at"},
    "catalog.steeredquery": {"changed_at", "query"},  # found by what it is folded to
}
OTHER = {
    models.BooleanField: "NOT {c}",
    models.DateTimeField: "COALESCE({c}, now()) + interval '1 day'",
    models.TimeField: "COALESCE({c}, '12:00') + interval '1 hour'",
    models.JSONField: """'["other"]'""",
    SearchVectorField: "'other'",
    models.DecimalField: "COALESCE({c}, 0) + 1",
    models.IntegerField: "COALESCE({c}, 0) + 1",
    ArrayField: "array_append({c}, 9)",
    models.ForeignKey: "(SELECT max({key}) FROM {table} other WHERE {key} IS DISTINCT FROM t.{c})",
    models.FileField: "{c} || 'x'",
    models.CharField: "COALESCE({c}, '') || 'x'",
    models.TextField: "COALESCE({c}, '') || 'x'",
}
# Where a constraint wants something else.
SPECIAL = {
    "taxrate.rate": "{c} / 2",
    "taxrate.country": "'FR'",
    "taxrate.region": "'NY'",
    "price.currency": "'USD'",
    "methodrate.currency": "'USD'",
    "review.rating": "{c} - 1",
    "zone.countries": "array_append({c}, 'FR')",
    "zone.regions": "array_append({c}, 'ES-TF')",
    "attributevalue.swatch": "'#b93a1c'",
    "price.sale_amount": "1",
    "variant.availability": "'out'",
    "card.availability": "'out'",
    "card.product_id": "{c} + 1000",
    "neighbours.product_id": "{c} + 1000",
    "stockbucket.place": "{c} + 100",
    "card.currency": "'USD'",
}


def watched(model: type[models.Model]) -> set[str]:
    """Names of the fields that the update's trigger compares, but for the primary key."""
    (trigger,) = (trigger for trigger in model._meta.triggers if trigger.name == "noted_update")
    return {*trigger.shown, *trigger.listed}


def noted_models() -> list[type[models.Model]]:
    return [
        model
        for model in apps.get_models()
        if any(trigger.name == "noted_update" for trigger in getattr(model._meta, "triggers", ()))
    ]


def columns(model: type[models.Model]) -> dict[str, models.Field]:
    return {field.name: field for field in model._meta.concrete_fields if not field.primary_key}


def other_value(model: type[models.Model], field: models.Field) -> str:
    """SQL for a value that the row `t` has not yet."""
    pattern = SPECIAL.get(f"{model._meta.model_name}.{field.name}") or next(
        sql for kind, sql in OTHER.items() if isinstance(field, kind)
    )
    target: Any = field.related_model
    return pattern.format(
        c=f'"{field.column}"',
        table=target and target._meta.db_table,
        key=target and f'other."{target._meta.pk.column}"',
    )


def noted(model: type[models.Model], field: models.Field) -> set[str]:
    """The columns that are noted as changed when this one alone is given another value, by SQL."""
    table, key = model._meta.db_table, model._meta.pk.column
    with transaction.atomic():
        Change.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute(
                f'UPDATE {table} t SET "{field.column}" = {other_value(model, field)}'
                f" WHERE {key} = (SELECT min({key}) FROM {table})"
            )
            assert cursor.rowcount == 1, "the shop below has no such row"
        found: set[str] = set()
        for change in Change.objects.filter(model=model._meta.label_lower):
            for row in change.noted():
                found |= row.changed
        transaction.set_rollback(True)
    return found


def make_rows() -> None:
    category = make_category("Wall")
    goods = make_product(
        "Shown", category=category, values={"colour": "Red"}, options={"size": ["A4"]}, stock=2
    )
    make_image(goods)
    make_review(goods)
    make_page("Delivery")
    Block.objects.create(kind="story", title="Story")
    Sale.objects.create(price=Price.objects.earliest("pk"), amount=9, starts_at=timezone.now())
    rush.split(add_variant(goods, price="9", gbp=None, stock=32).pk)
    method = make_delivery(["DE"])
    ProductLink.objects.create(product=goods, other=make_product("Another"))
    Synonym.objects.create(words="poster, print", finds="card")
    steered = SteeredQuery.objects.create(query="Gift", folded="gift")
    SteeredQuery.objects.create(query="Present", folded="present")
    Pin.objects.create(steered=steered, product=goods)
    Refreshed.objects.create(alias="deckle-en")
    follow_changes()
    # What comes last has nothing yet that a second row could collide with.
    make_category("Table")
    add_variant(make_product("Bare", options={"size": []}), price=None, gbp=None)
    Attribute.objects.create(code="paper", name="Paper")
    make_value("colour", "Blue")
    Image.objects.create(alt="Elsewhere")
    zone = Zone.objects.create(code="far", name="Far", countries=["NZ"])
    Method.objects.create(zone=zone, name="Slow", tax_class=method.tax_class)
    TaxClass.objects.create(code="none", name="None")
    Product.objects.filter(slug="bare").update(slug="barer")
    assert Variant.objects.latest("pk").options.count() == 0


@pytest.fixture(scope="module")
def _shop(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with filled(django_db_blocker, make_rows):
        yield


@pytest.fixture
def shop(_shop: None, db: None) -> None:
    """A row of each model, and a later one for a foreign key to point to instead."""


@pytest.mark.parametrize("model", noted_models(), ids=lambda model: model._meta.model_name)
def test_every_column_is_watched_or_known_to_be_shown_nowhere(model: type[models.Model]) -> None:
    hidden = NOT_SHOWN.get(model._meta.label_lower, set())
    assert hidden <= set(columns(model))
    assert watched(model) == set(columns(model)) - hidden


@pytest.mark.parametrize("model", noted_models(), ids=lambda model: model._meta.model_name)
def test_a_column_that_is_shown_notes_its_change_and_no_other_one_does(
    shop: None, model: type[models.Model]
) -> None:
    hidden = NOT_SHOWN.get(model._meta.label_lower, set())
    found = {name: field.column in noted(model, field) for name, field in columns(model).items()}
    assert found == {name: name not in hidden for name in columns(model)}


def test_the_table_names_noted_models_only() -> None:
    assert set(NOT_SHOWN) <= {model._meta.label_lower for model in noted_models()}
