"""Attributes with their values: what shoppers filter by and what variants differ in."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.importing.vocabulary import is_spoken_for
from catalog.models import Attribute, AttributeValue
from shop.desk.rows import RowForm
from shop.desk.site import Section
from shop.desk.tables import Rows, Table

MOST_ROWS = 200  # values in the attribute's own form; more have the list of values


class AttributeForm(RowForm):
    """An attribute; its code stands in addresses."""

    class Meta:
        model = Attribute
        fields = ("name", "code", "kind", "is_facet", "position")

    def clean_code(self) -> str:
        """Some names mean something else in an address already."""
        code: str = self.cleaned_data["code"]
        if is_spoken_for(code):
            raise ValidationError(
                _("“%s” means something else in the shop's addresses: choose another.") % code
            )
        return code


class ValueForm(RowForm):
    """A value; a swatch is a colour."""

    class Meta:
        model = AttributeValue
        fields = ("label", "slug", "swatch", "position")
        widgets = {"swatch": forms.TextInput(attrs={"size": 8, "pattern": "#[0-9a-fA-F]{6}"})}


class ValueRows(Rows):
    """The attribute's values in their order."""

    model = AttributeValue
    form = ValueForm
    prepopulated_fields = {"slug": ("label",)}


@admin.register(Attribute)
class AttributeTable(Table):
    """Size, frame, colour …"""

    section = Section.GOODS
    place = 4
    form = AttributeForm
    list_display = ("name", "code", "kind", "is_facet", "value_count", "position")
    list_filter = ("is_facet",)
    search_fields = ("name", "code")
    ordering = ("position", "name")
    prepopulated_fields = {"code": ("name",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Attribute]:
        return super().get_queryset(request).annotate(number=Count("values"))

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        return [] if obj and obj.number > MOST_ROWS else [ValueRows]

    @admin.display(description=gettext_lazy("values"), ordering="number")
    def value_count(self, attribute: Any) -> Any:
        url = reverse("admin:catalog_attributevalue_changelist") + f"?attribute__id__exact={attribute.pk}"
        return format_html('<a class="amount" href="{}">{}</a>', url, attribute.number)


@admin.register(AttributeValue)
class AttributeValueTable(Table):
    """All values; products and variants find them here by typing."""

    section = Section.GOODS
    place = 5
    form = ValueForm
    list_display = ("label", "attribute", "slug", "colour", "position")
    list_filter = ("attribute",)
    list_select_related = ("attribute",)
    search_fields = ("label", "attribute__name")
    ordering = ("attribute__position", "position", "label")
    autocomplete_fields = ("attribute",)
    fields = ("attribute", "label", "slug", "swatch", "position")
    prepopulated_fields = {"slug": ("label",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[AttributeValue]:
        return super().get_queryset(request).select_related("attribute")

    @admin.display(description=gettext_lazy("swatch"))
    def colour(self, value: AttributeValue) -> Any:
        """The colour as a dot of SVG: a style attribute would not pass a strict CSP."""
        if not value.swatch:
            return "–"
        return format_html(
            '<svg class="swatch" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">'
            '<circle cx="8" cy="8" r="7.5" fill="{}"/></svg> {}',
            value.swatch,
            value.swatch,
        )
