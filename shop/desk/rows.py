"""Forms of the desk: they write what somebody changed, and nothing that changed meanwhile."""

from collections.abc import Sequence
from typing import Any

from django.contrib.admin.widgets import (
    AutocompleteSelect,
    AutocompleteSelectMultiple,
    RelatedFieldWidgetWrapper,
)
from django.db import models
from django.forms import CheckboxSelectMultiple, DateTimeInput, ModelChoiceField, ModelForm, TimeInput
from django.utils.translation import gettext as _

from shop.desk.fixes import reword
from shop.money import Money


class Moment(DateTimeInput):
    """The browser's own control for a date with its time: it needs no script and has one label."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs={"step": "1", **(attrs or {})}, format="%Y-%m-%dT%H:%M:%S")


class Clock(TimeInput):
    """The browser's own control for a time of day."""

    input_type = "time"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs=attrs, format="%H:%M")


class Ticks(CheckboxSelectMultiple):
    """Many to choose from, each with its box: those ticked stand first, and a script finds by typing."""

    template_name = "admin/widgets/ticks.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        options = [option for _group, found, _index in context["widget"]["optgroups"] for option in found]
        context["parts"] = (
            [option for option in options if option["selected"]],
            [option for option in options if not option["selected"]],
        )
        return context

    def id_for_label(self, id_: str, index: str | None = None) -> str:
        """The box around them all: a complaint leads there."""
        found: str = super().id_for_label(id_, index) if index is not None else id_
        return found


class Known(AutocompleteSelect):
    """An autocomplete that need not ask the database what it shows: a hundred rows ask nothing."""

    known: models.Model | None = None

    def build_attrs(
        self, base_attrs: dict[str, Any], extra_attrs: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """The empty control says what it is for."""
        return {**super().build_attrs(base_attrs, extra_attrs), "data-placeholder": _("Type to find …")}

    def optgroups(self, name: str, value: Sequence[str], attr: dict[str, Any] | None = None) -> list[Any]:
        """The chosen option, from the object at hand if it is that one."""
        if self.known is None or list(value) != [str(self.known.pk)]:
            return super().optgroups(name, value, attr)
        options = [] if self.is_required else [self.create_option(name, "", "", False, 0)]
        options.append(self.create_option(name, self.known.pk, str(self.known), True, len(options)))
        return [(None, options, 0)]


class KnownMany(AutocompleteSelectMultiple):
    """The same for many; each is taken away by its own button, and no other element stands in the list."""

    def build_attrs(
        self, base_attrs: dict[str, Any], extra_attrs: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        return {**super().build_attrs(base_attrs, extra_attrs), "data-allow-clear": "false"}


class RowForm(ModelForm):
    """A form of the desk, on a page of its own or (`is_row`) as a row of another's."""

    is_row = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            reword(field)
            widget = field.widget
            if isinstance(widget, RelatedFieldWidgetWrapper):
                widget = widget.widget
            if self.is_row and not widget.is_hidden:
                widget.attrs.setdefault("aria-label", str(field.label or name))
            if isinstance(field, ModelChoiceField) and isinstance(widget, Known):
                widget.known = self.instance._state.fields_cache.get(name)

    def save(self, commit: bool = True) -> Any:
        """A row that is there keeps what others wrote to its other columns since it was read."""
        if not commit or self.errors or self.instance._state.adding:
            return super().save(commit)
        save_changes(self)
        self._save_m2m()  # type: ignore[attr-defined]
        return self.instance


class ListedForm(RowForm):
    """A row of a list that is edited in place: each control is named by its column and its row."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["aria-label"] = f"{field.label}: {self.instance}"


def save_changes(form: ModelForm) -> None:
    """UPDATE of the columns that the form changed, and of those that tell when; or nothing at all."""
    columns = {field.name: field for field in form.instance._meta.concrete_fields}
    changed = [name for name in (*form.changed_data, *getattr(form, "also_changed", ())) if name in columns]
    if changed:
        stamps = [name for name, field in columns.items() if getattr(field, "auto_now", False)]
        form.instance.save(update_fields=[*changed, *stamps])


def refuse_parts(form: ModelForm, name: str, currency: str | None) -> None:
    """No amount of a form has a part of the currency's smallest unit: there are no cents of a yen."""
    given = form.cleaned_data.get(name)
    if given is not None and currency and Money(given, currency) != Money(given, currency).rounded():
        told = _("%(currency)s has no smaller unit than %(least)s.")
        least = Money.from_minor(1, currency)
        form.add_error(name, told % {"currency": currency, "least": least})
