"""What is to be mended before a form is saved: for the banner above it, each with the way to its field."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BaseForm, BaseFormSet
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

# Django says what a text is not; these say what to do. The first class that fits has the word.
WORDS: tuple[tuple[type[forms.Field], dict[str, Any]], ...] = (
    (
        forms.ModelChoiceField,
        {
            "required": gettext_lazy("Choose one."),
            "invalid_choice": gettext_lazy("Choose another one: this one is not there any more."),
        },
    ),
    (forms.ChoiceField, {"required": gettext_lazy("Choose one.")}),
    (forms.FileField, {"required": gettext_lazy("Choose a file.")}),
    (
        forms.SlugField,
        {"invalid": gettext_lazy("Use letters, digits, hyphens and underscores only, and no spaces.")},
    ),
    (forms.EmailField, {"invalid": gettext_lazy("Write an address such as ada@example.com.")}),
    (
        forms.JSONField,
        {"invalid": gettext_lazy("This is no JSON: look at its brackets, commas and quotation marks.")},
    ),
    (forms.DateTimeField, {"invalid": gettext_lazy("Give a date and a time.")}),
    (forms.TimeField, {"invalid": gettext_lazy("Write a time of day such as 14:00.")}),
    (
        forms.IntegerField,  # the others of numbers are made of it
        {
            "min_value": gettext_lazy("Give %(limit_value)s or more."),
            "max_value": gettext_lazy("Give %(limit_value)s or less."),
        },
    ),
    (forms.Field, {"required": gettext_lazy("Fill this in.")}),
)


@dataclass(frozen=True)
class Fix:
    """One thing to mend: where it is, what to do, and the id of its control if it has one."""

    label: str
    text: str
    target: str = ""


def reword(field: forms.Field) -> None:
    """Gives the field our words, except where somebody has chosen others."""
    for kind, words in WORDS:
        if isinstance(field, kind):
            for code, text in words.items():
                if field.error_messages.get(code) == _default(type(field), code):
                    field.error_messages[code] = text


def _default(kind: type[forms.Field], code: str) -> Any:
    said = [getattr(base, "default_error_messages", {}) for base in kind.__mro__]
    return next((messages[code] for messages in said if code in messages), None)


def fixes(form: BaseForm, rows: Iterable[tuple[BaseFormSet, str]] = ()) -> list[Fix]:
    """Everything that a form and the rows below it, under their headings, complain about."""
    found = list(_of_form(form))
    for formset, heading in rows:
        found += of_rows(formset, heading)
    return found


def of_rows(formset: BaseFormSet, heading: str) -> list[Fix]:
    """The complaints of rows, named by their heading and their number."""
    heading = capfirst(heading)
    found = [Fix(heading, str(text), f"{formset.prefix}-heading") for text in formset.non_form_errors()]
    for number, row in enumerate(formset.forms, start=1):
        if row.errors and row not in getattr(formset, "deleted_forms", ()):
            found += _of_form(row, _("%(rows)s, row %(number)d") % {"rows": heading, "number": number})
    return found


def _of_form(form: BaseForm, place: str = "") -> Iterable[Fix]:
    first = next((bound.id_for_label for bound in form.visible_fields()), "") if place else ""
    for text in form.non_field_errors():
        yield Fix(place, str(text), first)
    for name, errors in form.errors.items():
        if name not in form.fields:
            continue
        bound = form[name]
        label = capfirst(str(bound.label))
        for text in errors:
            yield Fix(
                f"{place}: {label}" if place else label,
                str(text),
                "" if bound.is_hidden else bound.id_for_label,
            )
