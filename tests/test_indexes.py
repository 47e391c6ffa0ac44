"""Foreign keys and columns that a list of the desk or a model's own order filters or sorts by have an index.

One index: a foreign key that another index of its table begins with has none of its own (db_index=False).
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.db import connection, models
from django.db.models import Exists
from django.db.models.constants import LOOKUP_SEP
from django.db.models.expressions import Col
from django.test import RequestFactory

from catalog.models import Attribute, AttributeValue, Block, Category, Method, Page, TaxClass, Zone
from orders.models import Seller
from shop.desk.filters import ValueFilter
from tests.factories import make_category

# A shop has dozens of them, never thousands: sorting and searching them needs no index.
SMALL = {Attribute, AttributeValue, Block, Category, Group, Method, Page, Permission, Seller, TaxClass, Zone}
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
        if model in SMALL:
            continue
        for path in clickable(desk):
            yield "clickable column", model, path
        yield from of_filters(model, desk)


def clickable(desk: admin.ModelAdmin) -> Iterator[str]:
    """What the headings of a list sort by."""
    for name in desk.list_display:
        shown = getattr(desk, name, None) or getattr(desk.model, name, None)
        path = getattr(shown, "admin_order_field", None)
        if path is None and not callable(shown):
            path = name
        if path is not None and (desk.sortable_by is None or name in desk.sortable_by):
            yield path


def of_filters(
    model: type[models.Model], desk: admin.ModelAdmin
) -> Iterator[tuple[str, type[models.Model], str]]:
    """Filters by a value say which column; the others have their own test."""
    for entry in desk.list_filter:
        if isinstance(entry, type) and issubclass(entry, ValueFilter):
            yield entry.__name__, model, entry.parameter_name


def compared(node: Any) -> Iterator[tuple[type[models.Model], str]]:
    """The columns that a WHERE compares, at any depth; subqueries answer for themselves."""
    for child in getattr(node, "children", ()):
        left = getattr(child, "lhs", child)
        if isinstance(left, Exists):
            yield from compared(left.query.where)
        elif isinstance(left, Col):
            yield left.target.model, left.target.name
        else:
            yield from compared(left)


OWN_FILTERS = [
    (model, desk, entry)
    for model, desk in admin.site._registry.items()
    for entry in desk.list_filter
    if isinstance(entry, type)
    and issubclass(entry, admin.SimpleListFilter)
    and not issubclass(entry, ValueFilter)
]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("model", "desk", "kind"), [pytest.param(*own, id=own[2].__name__) for own in OWN_FILTERS]
)
def test_each_choice_of_a_filter_compares_an_indexed_column(
    model: type[models.Model], desk: admin.ModelAdmin, kind: type[admin.SimpleListFilter]
) -> None:
    make_category()  # else one filter has nothing to choose
    request = RequestFactory().get("/")
    choices = [value for value, _name in kind(request, {}, model, desk).lookup_choices]
    assert choices
    for value in choices:
        rows = kind(request, {kind.parameter_name: [value]}, model, desk).queryset(
            request, model.objects.all()
        )
        assert rows is not None
        columns = set(compared(rows.query.where))
        assert [name for owner, name in columns if name in leading_columns(owner)], f"{value}: {columns}"


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


@pytest.mark.django_db
def test_what_each_order_writes_has_no_index_for_like() -> None:
    """unique=True makes one besides: for keys that nobody looks for by their beginning."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname FROM pg_indexes WHERE tablename = ANY(%s) AND indexdef LIKE '%%pattern_ops%%'",
            [["orders_order", "orders_orderline", "orders_orderevent", "orders_payment"]],
        )
        assert cursor.fetchall() == []
