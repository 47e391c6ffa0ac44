"""Tax classes with a rate for each country."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.models import TaxClass, TaxRate
from shop import places
from shop.desk.cells import country
from shop.desk.rows import RowForm
from shop.desk.site import Section
from shop.desk.tables import Rows, Table
from shop.jinja.words import percent


class RateForm(RowForm):
    """A rate as people say it, 19; the column keeps the fraction."""

    rate = forms.DecimalField(
        label=gettext_lazy("Percent"),
        min_value=0,
        max_value=100,
        max_digits=6,
        decimal_places=3,
        widget=forms.NumberInput(attrs={"step": "0.001", "inputmode": "decimal"}),
    )

    class Meta:
        model = TaxRate
        fields = ("country", "region", "rate")
        widgets = {"region": forms.TextInput(attrs={"size": 8})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            percent = (self.instance.rate * 100).normalize()
            self.initial["rate"] = percent.quantize(1) if percent == percent.to_integral() else percent

    def clean_rate(self) -> Decimal:
        """0.19"""
        rate: Decimal = self.cleaned_data["rate"]
        return rate / 100

    def clean(self) -> dict[str, Any] | None:
        """A region by its code or its name, one that addresses there name: no other would ever be met."""
        data = super().clean()
        land, said = self.cleaned_data.get("country", "").upper(), self.cleaned_data.get("region", "")
        if said and land:
            code = places.region_code(land, said)
            if code is None:
                self.add_error("region", no_region(land, said))
            else:
                self.cleaned_data["region"] = code
        return data


def no_region(land: str, said: str) -> str:
    """What is wrong with a region that the addresses of a country do not name."""
    named = places.of(land).regions
    words = {"said": said[:40], "country": country(land), "example": next(iter(named), "")}
    if not named:
        return _("Addresses in %(country)s name no region: leave it empty.") % words
    return _("“%(said)s” is no region of %(country)s: write its code, such as %(example)s.") % words


class RateRows(Rows):
    """The rates of the class."""

    model = TaxRate
    form = RateForm

    def get_queryset(self, request: HttpRequest) -> QuerySet[TaxRate]:
        return super().get_queryset(request).select_related("tax_class")


@admin.register(TaxClass)
class TaxClassTable(Table):
    """Goods that are taxed alike."""

    section = Section.SETUP
    place = 3
    list_display = ("name", "code", "rate_list")
    search_fields = ("name", "code")
    inlines = (RateRows,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[TaxClass]:
        return super().get_queryset(request).prefetch_related("rates")

    @admin.display(description=gettext_lazy("rates"))
    def rate_list(self, tax_class: TaxClass) -> str:
        rates = tax_class.rates.all()
        return " · ".join(f"{place(rate.country, rate.region)} {percent(rate.rate)}" for rate in rates)


def place(land: str, region: str) -> str:
    """Michigan, or the country where it is all of it."""
    return places.of(land).regions.get(region, region) if region else country(land)
