"""Tax classes with a rate for each country."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from catalog.models import TaxClass, TaxRate
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
        max_digits=5,
        decimal_places=2,
        widget=forms.NumberInput(attrs={"step": "0.01", "inputmode": "decimal"}),
    )

    class Meta:
        model = TaxRate
        fields = ("country", "rate")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            percent = (self.instance.rate * 100).normalize()
            self.initial["rate"] = percent.quantize(1) if percent == percent.to_integral() else percent

    def clean_rate(self) -> Decimal:
        """0.19"""
        rate: Decimal = self.cleaned_data["rate"]
        return rate / 100


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
        return " · ".join(f"{country(rate.country)} {percent(rate.rate)}" for rate in tax_class.rates.all())
