"""Tax classes with a rate for each country."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from catalog.models import TaxClass, TaxRate
from shop.desk.rows import RowForm
from shop.desk.site import Section
from shop.desk.tables import Rows, Table


class RateForm(RowForm):
    """A rate; the country in capitals."""

    class Meta:
        model = TaxRate
        fields = ("country", "rate")

    def clean_country(self) -> str:
        """de is DE."""
        country: str = self.cleaned_data["country"].upper()
        return country


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
        return " · ".join(f"{rate.country} {rate.rate * 100:.4g} %" for rate in tax_class.rates.all())
