"""Foreign keys and columns that a list of the desk or a model's own order filters or sorts by have an index.

One index: a foreign key that another index of its table begins with has none of its own (db_index=False).
"""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import models
from django.db.models.constants import LOOKUP_SEP

OURS = ("accounts", "catalog", "checkout", "orders", "changes", "outbox")


def composite(model: type[models.Model]) -> set[str]:
    """Fields that an index or constraint over all rows of the model's table begins with."""
    fields = set()
    for index in model._meta.indexes:
        fields.update(name.lstrip("-") for name in index.fields[:1])
        fields.update(
            leaf.name for leaf in index.expressions[:1] for leaf in leaf.flatten() if hasattr(leaf, "name")
        )
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint) and constraint.condition is None:
            fields.update(constraint.fields[:1])
    return fields


def leading_columns(model: type[models.Model]) -> set[str]:
    """Fields that any index begins with."""
    return composite(model) | {
        field.name for field in model._meta.local_fields if field.db_index or field.unique
    }


def column(model: type[models.Model], path: str) -> tuple[type[models.Model], str]:
    """The model and field at the end of a look-up such as `variant__product__name`."""
    *relations, name = path.lstrip("-").split(LOOKUP_SEP)
    for relation in relations:
        model = model._meta.get_field(relation).related_model
    field = model._meta.pk if name == "pk" else model._meta.get_field(name)
    return model, field.name


def looked_at() -> Iterator[tuple[str, type[models.Model], str]]:
    for model in apps.get_models():
        if model._meta.app_label in OURS and model._meta.ordering:
            yield "Meta.ordering", model, model._meta.ordering[0]
    for model, desk in admin.site._registry.items():
        if model._meta.app_label not in OURS:
            continue
        for entry in desk.list_filter:
            name = entry[0] if isinstance(entry, tuple) else entry
            if isinstance(name, str):
                yield "list_filter", model, name
        if desk.ordering:
            yield "ordering", model, desk.ordering[0]


@pytest.mark.parametrize(
    ("where", "model", "path"),
    [pytest.param(*found, id=f"{found[0]}-{found[1]._meta.label}-{found[2]}") for found in looked_at()],
)
def test_what_is_filtered_or_sorted_by_is_indexed(where: str, model: type[models.Model], path: str) -> None:
    owner, name = column(model, path)
    field = owner._meta.get_field(name)
    assert field.many_to_many or name in leading_columns(owner), f"{where}: {owner.__name__}.{name}"


@pytest.mark.parametrize("model", [m for m in apps.get_models() if m._meta.app_label in OURS])
def test_every_foreign_key_has_one_index(model: type[models.Model]) -> None:
    keys = [field for field in model._meta.local_fields if field.is_relation and not field.unique]
    assert [key.name for key in keys if not key.db_index and key.name not in composite(model)] == []
    assert [key.name for key in keys if key.db_index and key.name in composite(model)] == [], "two indexes"
