"""What random edits have in common: how one is drawn, and how its row is found and written."""

import random
from collections.abc import Callable, Container
from typing import Any

from django.db import connection, transaction

from catalog.models import Product


class Drawn:
    """`any()` makes one, drawn by its seed, in a transaction of its own; it is called by its name.

    products: the ids that single edits draw from, where the catalogue is large; else all of them.
    """

    def __init__(self, seed: int, products: list[int] | None = None) -> None:
        self.random, self.number, self.products = random.Random(seed), 0, products
        self.kinds: dict[str, Callable[[], object]] = {
            name.removeprefix("do_"): getattr(self, name) for name in sorted(dir(self)) if name[:3] == "do_"
        }

    def any(self, but: Container[str] = ()) -> str:
        """One of all kinds but these; a kind that finds nothing to edit is drawn again. Its name."""
        while True:
            name = self.random.choice([name for name in self.kinds if name not in but])
            if self.make(name):
                return name

    def make(self, name: str) -> bool:
        """An edit of that kind; False if there was nothing to edit."""
        self.number += 1
        try:
            with transaction.atomic():
                self.kinds[name]()
        except LookupError:
            return False
        return True

    def word(self) -> str:
        return f"{self.random.choice(('Amber', 'Birch', 'Cloud', 'Dune', 'Elm', 'Fern'))} {self.number}"

    def one(self, model: type[Any], **which: Any) -> Any:
        """A row; LookupError if there is none."""
        ids = list(model._default_manager.filter(**which).order_by("pk").values_list("pk", flat=True)[:500])
        return model._default_manager.get(pk=self.random.choice(ids))

    def product(self, **which: Any) -> Product:
        found: Product = self.one(Product, **which, **({"pk__in": self.products} if self.products else {}))
        return found

    def of_product(self, model: type[Any], path: str = "product", **which: Any) -> Any:
        """A row of one of the products that are edited."""
        return self.one(model, **which, **({f"{path}__in": self.products} if self.products else {}))

    def set(self, row: Any, **fields: Any) -> None:
        """By save() or by update(), as it comes: neither may be missed."""
        if self.random.random() < 0.5:
            type(row)._default_manager.filter(pk=row.pk).update(**fields)
            return
        for name, value in fields.items():
            setattr(row, name, value)
        row.save()

    def sql(self, statement: str, *values: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, values or None)
