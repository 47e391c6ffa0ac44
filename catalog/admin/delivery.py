"""Zones, their methods, and what these cost."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.admin.variant import CURRENCIES
from catalog.models import Method, MethodRate, Zone
from shop.desk.cells import countries, country
from shop.desk.rows import RowForm, Ticks
from shop.desk.site import Section
from shop.desk.tables import Rows, Table


class ZoneForm(RowForm):
    """A zone; a country stands in one only."""

    countries = forms.MultipleChoiceField(
        label=gettext_lazy("Countries"),
        choices=countries,
        widget=Ticks,
        error_messages={
            "required": gettext_lazy("Tick one country at least."),
            "invalid_choice": gettext_lazy("“%(value)s” is no country: tick those that you mean."),
        },
    )

    class Meta:
        model = Zone
        fields = ("name", "code", "countries")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "countries" not in self.fields:
            return
        held = self.instance.countries or []
        known = dict(countries())
        known |= {code: code for code in held if code not in known}  # kept until somebody unticks it
        for zone in Zone.objects.exclude(pk=self.instance.pk):
            for code in zone.countries:
                known[code] = _("%(country)s (in “%(zone)s”)") % {"country": country(code), "zone": zone}
        self.fields["countries"].choices = list(known.items())  # type: ignore[attr-defined]

    def clean_countries(self) -> list[str]:
        """None that another zone has; in the order that was kept, so that nothing changes by itself."""
        codes: list[str] = self.cleaned_data["countries"]
        for zone in Zone.objects.filter(countries__overlap=codes).exclude(pk=self.instance.pk):
            shared = ", ".join(sorted(country(code) for code in set(codes) & set(zone.countries)))
            raise ValidationError(
                _("%(countries)s: already in the zone “%(zone)s”. Untick here, or take it out there first.")
                % {"countries": shared, "zone": zone}
            )
        held = self.instance.countries or []
        return [code for code in held if code in codes] + [code for code in codes if code not in held]


class MethodRows(Rows):
    """The zone's methods."""

    model = Method
    fields = ("name", "carrier", "min_days", "max_days", "cutoff", "tax_class", "position", "is_active")
    autocomplete_fields = ("tax_class",)
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Method]:
        return super().get_queryset(request).select_related("zone", "tax_class")


@admin.register(Zone)
class ZoneTable(Table):
    """Where we deliver."""

    section = Section.SETUP
    place = 1
    form = ZoneForm
    list_display = ("name", "code", "country_list")
    search_fields = ("name", "code")
    inlines = (MethodRows,)
    fields = (("name", "code"), "countries")

    @admin.display(description=gettext_lazy("countries"))
    def country_list(self, zone: Zone) -> str:
        return ", ".join(sorted(country(code) for code in zone.countries))


class RateForm(RowForm):
    """What it costs, in a currency that we sell in."""

    class Meta:
        model = MethodRate
        fields = ("currency", "amount", "free_from")
        widgets = {"currency": forms.Select(choices=[(code, code) for code in CURRENCIES])}


class RateRows(Rows):
    """What the method costs in each currency."""

    model = MethodRate
    form = RateForm
    max_num = len(CURRENCIES)


@admin.register(Method)
class MethodTable(Table):
    """How it travels, and for how much."""

    section = Section.SETUP
    place = 2
    list_display = ("name", "zone", "carrier", "days", "cutoff", "is_active", "position")
    list_filter = ("is_active",)
    list_select_related = ("zone",)
    search_fields = ("name", "carrier", "zone__name")
    ordering = ("zone__name", "position")
    autocomplete_fields = ("zone", "tax_class")
    inlines = (RateRows,)
    fields = (
        ("name", "zone"),
        ("carrier", "tax_class"),
        ("min_days", "max_days", "cutoff"),
        ("position", "is_active"),
    )

    @admin.display(description=gettext_lazy("working days"))
    def days(self, method: Method) -> str:
        return f"{method.min_days}–{method.max_days}"
