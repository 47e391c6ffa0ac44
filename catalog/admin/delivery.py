"""Zones, their methods, and what these cost."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.admin.tax import place
from catalog.admin.variant import CURRENCIES
from catalog.models import Method, MethodRate, Zone
from shop import places
from shop.desk.cells import countries, country
from shop.desk.rows import RowForm, Ticks, refuse_parts
from shop.desk.site import Section
from shop.desk.tables import Rows, Table


class ZoneForm(RowForm):
    """A zone; a country stands in one only, and so does a region."""

    countries = forms.MultipleChoiceField(
        label=gettext_lazy("Countries"),
        choices=countries,
        widget=Ticks,
        required=False,
        error_messages={
            "invalid_choice": gettext_lazy("“%(value)s” is no country: tick those that you mean."),
        },
    )

    regions = forms.CharField(
        label=gettext_lazy("Regions"),
        required=False,
        help_text=gettext_lazy(
            "That are served otherwise than their countries, by their codes: ES-TF, ES-GC. In a zone without"
            " methods nothing is delivered there."
        ),
    )

    class Meta:
        model = Zone
        fields = ("name", "code", "countries", "regions")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "countries" not in self.fields:
            return
        self.initial["regions"] = ", ".join(self.instance.regions or [])
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

    def clean_regions(self) -> list[str]:
        """Those that addresses name, none that another zone has."""
        found: list[str] = []
        for said in self.cleaned_data["regions"].split(","):
            land, _hyphen, region = said.strip().partition("-")
            if not land:
                continue
            land = land.upper()
            code = places.region_code(land, region)
            if code is None:
                raise ValidationError(
                    _("“%s” is no region that addresses name: write the country and its code, as ES-TF.")
                    % said.strip()[:60]
                )
            found.append(f"{land}-{code}")
        found = list(dict.fromkeys(found))
        for zone in Zone.objects.filter(regions__overlap=found).exclude(pk=self.instance.pk):
            shared = ", ".join(sorted(set(found) & set(zone.regions)))
            raise ValidationError(
                _("%(regions)s: already in the zone “%(zone)s”. Take it out there first.")
                % {"regions": shared, "zone": zone}
            )
        return found

    def clean(self) -> dict[str, Any] | None:
        data = super().clean()
        if {"countries", "regions"} <= self.cleaned_data.keys() and not (
            self.cleaned_data["countries"] or self.cleaned_data["regions"]
        ):
            self.add_error("countries", _("Tick one country at least."))
        return data


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
    fields = (("name", "code"), "countries", "regions")

    @admin.display(description=gettext_lazy("countries"))
    def country_list(self, zone: Zone) -> str:
        regions = (place(*code.split("-", 1)) for code in zone.regions)
        return ", ".join(sorted([*map(country, zone.countries), *regions]))


class RateForm(RowForm):
    """What it costs, in a currency that we sell in."""

    class Meta:
        model = MethodRate
        fields = ("currency", "up_to_grams", "goods_from", "amount", "free_from")
        widgets = {"currency": forms.Select(choices=[(code, code) for code in CURRENCIES])}

    def clean(self) -> dict[str, Any] | None:
        data = super().clean()
        for name in ("goods_from", "amount", "free_from"):
            refuse_parts(self, name, self.cleaned_data.get("currency"))
        return data


class RateRows(Rows):
    """What the method costs in each currency: one row, or one for each class of weight and value."""

    model = MethodRate
    form = RateForm


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
