"""What the ModelAdmins of all apps share: quick lists, honest errors, and changes that go live at once."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.actions import delete_selected
from django.contrib.admin.views.main import ChangeList
from django.db import IntegrityError, models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shop.changes import projector
from shop.desk import parts, receipts
from shop.desk.cells import countries, grouped
from shop.desk.fixes import fixes, of_rows
from shop.desk.rows import Clock, Known, KnownMany, ListedForm, Moment, RowForm, save_changes
from shop.desk.site import Section

MOMENTS: Mapping[Any, Mapping[str, Any]] = {
    models.DateTimeField: {"form_class": forms.DateTimeField, "widget": Moment},
    models.TimeField: {"widget": Clock},
}


MORE = 3  # empty rows at a time


class _Lookups(admin.options.BaseModelAdmin):
    """Every foreign key is found by typing: no list of a million products in a page."""

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs["widget"] = Known(db_field, self.admin_site, using=kwargs.get("using"))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs["widget"] = KnownMany(db_field, self.admin_site, using=kwargs.get("using"))
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A country is chosen by its name."""
        if db_field.name == "country" and getattr(db_field, "max_length", None) == 2:
            return forms.ChoiceField(
                label=capfirst(db_field.verbose_name),
                choices=[("", "–"), *countries()],
                required=not db_field.blank,
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A choice begins with a capital; within a sentence it would not."""
        blank = [("", "–")] if db_field.blank or db_field.default is models.NOT_PROVIDED else []
        names = [(value, capfirst(str(name))) for value, name in db_field.choices]
        return super().formfield_for_choice_field(db_field, request, **{"choices": blank + names, **kwargs})


class Listed(ChangeList):
    """A list whose headings mark the order that it really has: a filter may have one of its own."""

    _base: Sequence[Any] = ()

    def get_ordering(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> Any:
        self._base = self.model_admin.get_ordering(request)
        return super().get_ordering(request, queryset)

    def _get_default_ordering(self) -> Sequence[Any]:
        return self._base


class Table(_Lookups, admin.ModelAdmin):
    """A list and a form on the desk."""

    section: Section | None = Section.STAFF
    place = 99
    noun: tuple[Any, Any] | None = None  # one and many, where the model's own names do not count
    form: type[forms.ModelForm] = RowForm
    formfield_overrides = MOMENTS
    list_per_page = 50
    show_full_result_count = False  # a count of everything, beside that of what was found
    show_facets = admin.ShowFacets.NEVER

    # --- What is written -------------------------------------------------------------------------------

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """What was not touched is not written: it may have changed since the form was opened."""
        if change:
            save_changes(form)
        else:
            super().save_model(request, obj, form, change)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return Listed

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> type[forms.ModelForm]:
        return super().get_changelist_form(request, **{"form": ListedForm, **kwargs})

    def rung(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """After a change is committed, what the triggers noted is followed without waiting for the relay."""
        if request.method == "POST":
            transaction.on_commit(projector.ring)
        return response

    # --- What is said: three words where Django has a sentence -----------------------------------------

    def message_user(
        self,
        request: HttpRequest,
        message: Any,
        level: int | str = messages.INFO,
        extra_tags: str = "",
        fail_silently: bool = False,
    ) -> None:
        if level == messages.SUCCESS:
            message = getattr(request, "toast", "") or message
            if request.method == "POST" and receipts.reaches_pages(self):
                extra_tags = f"{extra_tags} {receipts.tag(request)}".strip()
        super().message_user(request, message, level, extra_tags, fail_silently)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        self._toast(request, capfirst(_("%s added") % self.named(1)))
        return super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        self._toast(request, capfirst(_("%s updated") % self.named(1)))
        return super().response_change(request, obj)

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: int) -> HttpResponse:
        self._toast(request, capfirst(_("%s deleted") % self.named(1)))
        return super().response_delete(request, obj_display, obj_id)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Each is a verb with its noun."""
        actions: dict[str, Any] = super().get_actions(request)
        if "delete_selected" in actions:
            title = _("Delete %s") % self.named(2)
            actions["delete_selected"] = (Table.delete_chosen, "delete_selected", title)
        return actions

    def delete_chosen(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> HttpResponse | None:
        """Django's own action, with a short word at its end."""
        if request.POST.get("post"):
            count = queryset.count()
            text = ngettext("%(count)s %(name)s deleted", "%(count)s %(name)s deleted", count)
            self._toast(request, text % {"count": grouped(count), "name": self.named(count)})
        return delete_selected(self, request, queryset)

    def get_action_choices(self, request: HttpRequest, default_choices: Any = None) -> Any:
        return super().get_action_choices(request, [("", _("With those selected …"))])

    def _toast(self, request: HttpRequest, text: str) -> None:
        request.toast = text  # type: ignore[attr-defined]

    def named(self, count: int) -> str:
        """What so many of them are called."""
        one, many = self.noun or (self.opts.verbose_name, self.opts.verbose_name_plural)
        return str(one if count == 1 else many)

    # --- The pages -------------------------------------------------------------------------------------

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
            self._dress(response.context_data)
        return self.rung(request, response)

    def _dress(self, context: dict[str, Any]) -> None:
        """The page is called what it shows; what is wrong is a list of what to mend."""
        shown = context.get("original")
        if shown is not None and "subtitle" in context:
            context.update(title=self.titled(shown), subtitle=None)
        if "adminform" in context:
            context["adminform"].form.label_suffix = ""  # labels stand above their controls
        if context.get("errors") and "adminform" in context:
            rows = [
                (inline.formset, str(inline.opts.verbose_name_plural))
                for inline in context["inline_admin_formsets"]
            ]
            context.update(fixes=fixes(context["adminform"].form, rows), errors=None)

    def titled(self, shown: Any) -> str:
        """The heading of one thing's page."""
        return str(shown)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return self.rung(request, super().delete_view(request, object_id, extra_context))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The heading says what it lists, and how many; an empty list says how to fill it."""
        if "_save" in request.POST:
            self._toast(request, _("Changes saved"))
        # One transaction, so that one receipt is about all of it.
        is_edit = request.method == "POST" and receipts.reaches_pages(self)
        with transaction.atomic() if is_edit else nullcontext():
            response = super().changelist_view(request, extra_context)
        if isinstance(response, TemplateResponse) and response.context_data:
            found = response.context_data.get("cl")
            if found is not None:
                count = found.result_count
                response.context_data["title"] = f"{grouped(count)} {self.named(count)}"
                found.empty = None if count else self.empty(request, found)
                if found.formset is not None and found.formset.is_bound:
                    response.context_data["fixes"] = of_rows(found.formset, self.named(2))
        return self.rung(request, response)

    def empty(self, request: HttpRequest, found: Any) -> dict[str, str]:
        """What to do about an empty list: a verb, and the one button that does it."""
        one, many = self.named(1), self.named(2)
        if found.query or found.has_active_filters:
            return {
                "title": _("Search more widely"),
                "text": _("No %s fit what you searched or filtered for.") % many,
                "label": _("Show all %s") % many,
                "url": "?",
            }
        if self.has_add_permission(request):
            return {
                "title": _("Add the first %s") % one,
                "text": "",
                "label": _("Add %s") % one,
                "url": reverse(f"admin:{found.opts.app_label}_{found.opts.model_name}_add"),
            }
        return {
            "title": _("Wait for the first %s") % one,
            "text": _("It comes here by itself."),
            "label": _("Look at the shop"),
            "url": "/",
        }


class Rows(_Lookups, admin.TabularInline):
    """Rows in another's form. With "cards" among `classes` each stands on lines of its own."""

    form: type[forms.ModelForm] = RowForm
    formfield_overrides = MOMENTS
    extra = 0

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        """Without a script, a link asks for empty rows."""
        return MORE if request.GET.get("more") == self.opts.model_name else self.extra

    def gist(self, rows: Sequence[Any]) -> str:
        """What the heading says of the rows while they are folded."""
        return parts.listed([self.said(row) for row in rows]) if rows else _("none yet")

    def said(self, row: Any) -> str:
        """One row in a word or two."""
        return str(row)

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
