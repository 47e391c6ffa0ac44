"""Parts of a form that fold: what each says of its inside while it is closed, and when it is open."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.contrib.admin.helpers import Fieldset, InlineAdminFormSet
from django.contrib.admin.utils import display_for_field, flatten
from django.core.exceptions import FieldDoesNotExist
from django.utils.html import strip_tags
from django.utils.text import Truncator, capfirst

from shop.desk.cells import grouped

FOLDS = "collapse"  # among the `classes` of a fieldset or of rows, as Django calls it
MOST_NAMED = 6
LONGEST = 60  # characters of one value in a gist


def names_of(part: Fieldset) -> list[str]:
    """Its fields, those that share a line too."""
    return list(flatten(part.fields))  # type: ignore[attr-defined]


def folds(part: Fieldset | InlineAdminFormSet) -> bool:
    """Whether it has a heading that opens and closes it."""
    return FOLDS in str(part.classes).split()


def is_open(part: Fieldset | InlineAdminFormSet) -> bool:
    """What is new is filled in from top to bottom; what is wrong is seen; rows just asked for are there."""
    if isinstance(part, Fieldset):
        wrong = set(part.form.errors) & set(names_of(part))
        return bool(wrong) or part.form.instance.pk is None
    rows = part.formset
    is_wrong = rows.is_bound and not rows.is_valid()
    return is_wrong or rows.instance.pk is None or len(rows.forms) > rows.initial_form_count()


def gist(part: Fieldset | InlineAdminFormSet) -> str:
    """What is inside, in a line; nothing of what is only being made."""
    if isinstance(part, Fieldset):
        shown = part.form.instance
        # What the table says itself of a part, by its first field.
        own = getattr(part.model_admin, "gists", {})
        if shown.pk and (tell := own.get(names_of(part)[0])):
            return str(tell(shown))
        return of_fields(shown, names_of(part)) if shown.pk else ""
    said: str = part.opts.gist([row.instance for row in part.formset.initial_forms])
    return said


def of_fields(shown: Any, names: Iterable[str]) -> str:
    """Tax class: Standard · Popularity: 77; what is empty is not said, and one alone needs no label."""
    found = {}
    for name in names:
        try:
            field = shown._meta.get_field(name)
        except FieldDoesNotExist:
            continue
        text = strip_tags(str(display_for_field(getattr(shown, name), field, ""))).strip()
        if text:
            found[capfirst(str(field.verbose_name))] = Truncator(text).chars(LONGEST)
    if len(found) == 1:
        return next(iter(found.values()))
    return " · ".join(f"{label}: {text}" for label, text in found.items())


def listed(names: Sequence[str]) -> str:
    """6 · Green, Yellow, Sand …"""
    shown = ", ".join(name for name in names[:MOST_NAMED] if name)
    more = " …" if len(names) > MOST_NAMED else ""
    return " · ".join(part for part in (grouped(len(names)), f"{shown}{more}") if part)


def counted(numbers: Mapping[str, int]) -> str:
    """Goes with it: 4 · Instead of it: 2"""
    return " · ".join(f"{capfirst(name)}: {grouped(number)}" for name, number in numbers.items() if number)
