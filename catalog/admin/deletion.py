"""Deleting goods: all that is theirs goes with them, but nothing goes that an order waits for."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from catalog.models import Product, Stock
from shop.desk.tables import Table


def reserved(goods: Iterable[Any]) -> list[Stock]:
    """The shelves of these variants or products from which something is promised to orders."""
    goods = list(goods)
    owner = "variant__product" if goods and isinstance(goods[0], Product) else "variant"
    held = Stock.objects.filter(**{f"{owner}__in": [item.pk for item in goods]}, reserved__gt=0)
    shelves = held.select_related("variant__product").prefetch_related("buckets").order_by("pk")
    return [shelf for shelf in shelves if shelf.promised]


def refusal(shelf: Stock) -> str:
    """Why it stays, and what to do instead."""
    text = _(
        "%(name)s cannot be deleted: %(count)d are reserved for orders. Ship or cancel these first,"
        " or deactivate it instead: then nobody can buy it any more."
    )
    return text % {"name": shelf.variant, "count": shelf.promised}


class Goods(Table):
    """A table of what can be sold."""

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """All that the database deletes along, and as protected what orders have reserved.

        Who may delete goods may delete what is theirs: the models say by CASCADE what that is, and asking for
        a permission on each part would refuse everyone, for nobody may delete stock by itself.
        """
        to_delete, counts, _needed, protected = super().get_deleted_objects(objs, request)
        shelves = reserved(objs)
        for shelf in shelves:
            self.message_user(request, refusal(shelf), messages.ERROR)
        protected = [*protected, *(str(shelf.variant) for shelf in shelves)]
        return to_delete, counts, set(), protected


class VariantRowsSet(BaseInlineFormSet):
    """The rows of a product's variants."""

    def clean(self) -> None:
        """A row marked for deletion is not judged by its own form; a SKU stands in one row."""
        super().clean()
        rows: dict[str, int] = {}
        for number, form in enumerate(self.forms, start=1):
            sku = getattr(form, "cleaned_data", {}).get("sku")
            if not sku or form in self.deleted_forms:
                continue
            if rows.setdefault(sku, number) != number:
                form.add_error("sku", _("Row %d has this SKU too: give each its own.") % rows[sku])
        going = [form.instance for form in self.deleted_forms if form.instance.pk]
        if errors := [refusal(shelf) for shelf in reserved(going)]:
            raise ValidationError(errors)
