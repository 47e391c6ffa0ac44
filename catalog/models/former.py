"""Former: the addresses that products and categories had, noted by the database when a slug is given up."""

import pgtrigger
from django.db import models

from shop.changes.triggers import projected


class Former(models.Model):
    """A slug that nothing has, and whose it was last. Whose object is gone: what it named was deleted."""

    model = models.CharField(max_length=20)  # "product"
    slug = models.CharField(max_length=220)
    object_id = models.BigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("model", "slug"), name="former_slug_once"),)
        triggers = projected(shown=["model", "slug", "object_id"], listed=["model", "slug"])

    def __str__(self) -> str:
        return f"{self.model} {self.slug}"


_REMEMBER = """
    INSERT INTO catalog_former (model, slug, object_id) {rows}
    ON CONFLICT (model, slug) DO UPDATE SET object_id = EXCLUDED.object_id;"""
# Asked first: a statement that deletes nothing would run the table's own triggers all the same.
_FORGET = """
    IF EXISTS (SELECT FROM catalog_former WHERE model = '{model}' AND slug = NEW.slug) THEN
        DELETE FROM catalog_former WHERE model = '{model}' AND slug = NEW.slug;
    END IF;"""


def remembered(model: str) -> list[pgtrigger.Trigger]:
    """Triggers for the Meta of a model with unique slugs: what is given up is kept, what is taken forgotten.

    Row by row where slugs change or come: that is seldom, or one look-up; WHEN spares all other updates.
    """
    forget, left = _FORGET.format(model=model), _REMEMBER.format(rows=f"VALUES ('{model}', OLD.slug, OLD.id)")
    gone = _REMEMBER.format(rows=f"SELECT '{model}', slug, id FROM old_rows")  # noqa: S608 (our own names)
    return [
        pgtrigger.Trigger(
            name="slug_came",
            when=pgtrigger.After,
            operation=pgtrigger.Insert,
            func=forget + " RETURN NULL;",
        ),
        pgtrigger.Trigger(
            name="slug_changed",
            when=pgtrigger.After,
            operation=pgtrigger.Update,
            condition=pgtrigger.Q(old__slug__df=pgtrigger.F("new__slug")),
            func=left + forget + " RETURN NULL;",
        ),
        pgtrigger.Trigger(
            name="slug_went",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=pgtrigger.Delete,
            referencing=pgtrigger.Referencing(old="old_rows"),
            func=gone + " RETURN NULL;",
        ),
    ]
