"""What the ModelAdmins of all apps share: quick lists, honest errors, and changes that go live at once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db import IntegrityError, models, transaction
from django.forms import DateTimeField, ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from shop.changes import projector
from shop.desk.rows import Known, Moment, RowForm, save_changes
from shop.desk.site import Section
from shop.money import Money

MOMENTS: Mapping[Any, Mapping[str, Any]] = {
    models.DateTimeField: {"form_class": DateTimeField, "widget": Moment}
}


class _Lookups(admin.options.BaseModelAdmin):
    """Every foreign key is found by typing: no list of a million products in a page."""

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs["widget"] = Known(db_field, self.admin_site, using=kwargs.get("using"))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class Table(_Lookups, admin.ModelAdmin):
    """A list and a form on the desk."""

    section: Section | None = Section.STAFF
    place = 99
    form: type[ModelForm] = RowForm
    formfield_overrides = MOMENTS
    list_per_page = 50
    show_full_result_count = False  # a count of everything, beside that of what was found
    show_facets = admin.ShowFacets.NEVER

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """What was not touched is not written: it may have changed since the form was opened."""
        if change:
            save_changes(form)
        else:
            super().save_model(request, obj, form, change)

    def get_action_choices(self, request: HttpRequest, default_choices: Any = None) -> Any:
        return super().get_action_choices(request, [("", _("With those selected …"))])

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """What the database refuses although the form allowed it is told, not thrown."""
        try:
            with transaction.atomic():
                response = super().changeform_view(request, object_id, form_url, extra_context)
        except IntegrityError as error:
            constraint = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or ""
            text = _("Nothing was saved: it contradicts what is there by now (%s). Look at it again, please.")
            self.message_user(request, text % constraint, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
        if isinstance(response, TemplateResponse) and response.context_data:
            shown = response.context_data.get("original")
            if shown is not None and "subtitle" in response.context_data:
                response.context_data.update(title=str(shown), subtitle=None)
        return self.rung(request, response)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return self.rung(request, super().delete_view(request, object_id, extra_context))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The heading says what it lists, and how many."""
        response = super().changelist_view(request, extra_context)
        if isinstance(response, TemplateResponse) and response.context_data:
            found = response.context_data.get("cl")
            if found is not None:
                count, names = found.result_count, found.opts
                name = names.verbose_name if count == 1 else names.verbose_name_plural
                response.context_data["title"] = f"{grouped(count)} {name}"
        return self.rung(request, response)

    def rung(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """After a change is committed, what the triggers noted is followed without waiting for the relay."""
        if request.method == "POST":
            transaction.on_commit(projector.ring)
        return response


class Rows(_Lookups, admin.TabularInline):
    """Rows in another's form."""

    form: type[ModelForm] = RowForm
    formfield_overrides = MOMENTS
    extra = 0

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Each control is named by its column."""
        formset = super().get_formset(request, obj, **kwargs)
        formset.form.is_row = True  # type: ignore[attr-defined]
        return formset


class Unchangeable:
    """Looked at, never touched."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def amount(money: Money | None) -> SafeString | str:
    """An amount for a column, aligned by its digits."""
    return "–" if money is None else format_html('<span class="amount">{}</span>', str(money))


def number(count: int) -> SafeString:
    """A count for a column, aligned like an amount."""
    return format_html('<span class="amount">{}</span>', grouped(count))


def grouped(count: int) -> str:
    """10,000, as the language in use groups digits."""
    return number_format(count, force_grouping=True)


def moment(at: datetime | None) -> SafeString | str:
    """When, as briefly as one understands it."""
    if at is None:
        return "–"
    local = timezone.localtime(at)
    is_recent = local.year == timezone.localtime().year
    return format_html(
        '<time class="moment" datetime="{}">{}</time>',
        local.isoformat(timespec="seconds"),
        date_format(local, "j M, H:i" if is_recent else "j M Y"),
    )


def pill(state: str, label: object) -> SafeString:
    """A state as a word with a dot: "good", "low", "bad" or "quiet" is the dot's colour."""
    return format_html('<span class="pill pill-{}">{}</span>', state, capfirst(str(label)))
