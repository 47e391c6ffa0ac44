"""Former: the addresses that things and pages of text had, noted by the database when a slug is given up."""

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
    INSERT INTO catalog_former (model, slug, object_id) SELECT '{model}', {rows}
    ON CONFLICT (model, slug) DO UPDATE SET object_id = EXCLUDED.object_id;"""
# Asked first: a statement that deletes nothing would run the table's own triggers all the same.
_FORGET = """
    IF EXISTS (SELECT FROM catalog_former WHERE model = '{model}' AND slug = {slug}) THEN
        DELETE FROM catalog_former WHERE model = '{model}' AND slug = {slug};
    END IF;"""
# A FULL JOIN to the end (no condition here is strict): it is never done in loops, and the plan of one row's
# update serves for a million rows too.
_MOVED = """old_rows o FULL JOIN new_rows n ON o.id = n.id
        WHERE o.slug IS DISTINCT FROM n.slug"""
# Forgotten before anything is remembered: looked up one by one in a table that has just grown by thousands,
# with a plan from when it was small, 10,000 slugs took 40 seconds.
_CHANGED = """
    IF EXISTS (SELECT FROM {moved}) THEN
        FOR taken IN SELECT n.slug FROM {moved} LOOP {forget}
        END LOOP;
        {remember}
    END IF;
    RETURN NULL;"""


def remembered(model: str) -> list[pgtrigger.Trigger]:
    """Triggers for a Meta of a model with unique slugs: what is given up is kept, what is taken forgotten."""
    gone = _REMEMBER.format(model=model, rows="slug, id FROM old_rows")
    given_up = f"o.slug, o.id FROM {_MOVED} AND o.slug NOT IN (SELECT COALESCE(n.slug, '') FROM {_MOVED})"  # noqa: S608
    left = _REMEMBER.format(model=model, rows=given_up)
    forget = _FORGET.format(model=model, slug="taken.slug")
    return [
        pgtrigger.Trigger(
            name="slug_came",
            when=pgtrigger.After,
            operation=pgtrigger.Insert,
            func=_FORGET.format(model=model, slug="NEW.slug") + " RETURN NULL;",
        ),
        pgtrigger.Trigger(
            name="slug_changed",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=pgtrigger.Update,
            referencing=pgtrigger.Referencing(old="old_rows", new="new_rows"),
            declare=[("taken", "record")],
            func=_CHANGED.format(moved=_MOVED, remember=left, forget=forget),
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
