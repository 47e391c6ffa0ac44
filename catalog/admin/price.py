"""Prices and their timed sales."""

from datetime import datetime
from itertools import pairwise
from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog import pricing
from catalog.admin.variant import PriceForm, label
from catalog.models import Price, Sale
from shop.desk.cells import amount
from shop.desk.rows import RowForm, refuse_parts
from shop.desk.site import Section
from shop.desk.tables import Rows, Table
from shop.money import Money


class SaleForm(RowForm):
    """A lower price, from and until."""

    class Meta:
        model = Sale
        fields = ("amount", "starts_at", "ends_at")

    def _get_validation_exclusions(self) -> set[str]:
        """Overlaps are judged over all rows at once, as they will be: moving two sales moves both."""
        return super()._get_validation_exclusions() | {"price"}  # type: ignore[misc]

    def clean(self) -> dict[str, Any] | None:
        data = super().clean()
        begins, ends = self.cleaned_data.get("starts_at"), self.cleaned_data.get("ends_at")
        if begins and ends and ends <= begins:
            self.add_error("ends_at", _("A sale ends after it has begun: choose a later moment."))
        return data


class SaleFormSet(BaseInlineFormSet):
    """Two sales of one price never overlap, and each is below the price."""

    def clean(self) -> None:
        super().clean()
        rows = [
            form
            for form in self.forms
            if getattr(form, "cleaned_data", {}).get("starts_at") and form not in self.deleted_forms
        ]
        for form in rows:
            refuse_parts(form, "amount", self.instance.currency)
            given = form.cleaned_data.get("amount")
            if given is not None and self.instance.amount is not None and given >= self.instance.amount:
                form.add_error("amount", _("A sale is below the price itself, %s.") % self.instance)
        rows.sort(key=lambda form: form.cleaned_data["starts_at"])
        for earlier, later in pairwise(rows):
            ends = earlier.cleaned_data.get("ends_at")
            if ends is None or ends > later.cleaned_data["starts_at"]:
                text = _(
                    "It overlaps the sale from %(begin)s until %(end)s: end one before the other begins."
                )
                values = {"begin": _moment(earlier.cleaned_data["starts_at"]), "end": _moment(ends)}
                later.add_error("starts_at", text % values)
        if any(form.errors for form in rows):
            raise ValidationError(_("Look at the sales marked below, please."))

    def save(self, commit: bool = True) -> Any:
        """In an order that never overlaps on the way: what goes or shrinks first, then the rest."""
        if commit and self.instance.pk:
            changed = [form.instance.pk for form in self.initial_forms if form.has_changed()]
            held = [form for form in self.initial_forms if form.instance.pk in changed]
            Sale.objects.filter(
                pk__in=[form.instance.pk for form in held if form in self.deleted_forms]
            ).delete()
        return super().save(commit)


class SaleRows(Rows):
    """The price's sales: past, present and planned."""

    model = Sale
    form = SaleForm
    formset = SaleFormSet

    def get_queryset(self, request: HttpRequest) -> QuerySet[Sale]:
        return super().get_queryset(request).select_related("price")


class OnSaleFilter(admin.SimpleListFilter):
    """Only what is reduced now."""

    title = gettext_lazy("sale")
    parameter_name = "sale"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("now", _("reduced now"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Price]) -> QuerySet[Price]:
        return queryset.filter(sale_amount__isnull=False) if self.value() == "now" else queryset


@admin.register(Price)
class PriceTable(Table):
    """What everything costs, and when it costs less."""

    section = Section.PRICES
    place = 1
    form = PriceForm
    list_display = ("product", "variant_label", "currency", "price", "sale_now", "includes_tax")
    list_display_links = ("product",)
    sortable_by = ("product", "currency", "includes_tax")
    list_filter = (OnSaleFilter, "currency", "includes_tax")
    search_fields = ("variant__sku", "variant__product__name")
    search_help_text = gettext_lazy("Search by product or SKU")
    ordering = ("variant__product__name", "variant__position", "currency")
    autocomplete_fields = ("variant",)
    readonly_fields = ("sale_now",)
    fields = (("variant", "currency"), ("amount", "includes_tax"), "sale_now")
    inlines = (SaleRows,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Price]:
        prices = super().get_queryset(request).select_related("variant__product")
        return prices.prefetch_related("variant__options__value__attribute")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("variant", "currency", *self.readonly_fields) if obj else self.readonly_fields

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """What began or ended with these rows counts at once; what comes later has its due job."""
        super().save_related(request, form, formsets, change)
        pricing.apply_sales([form.instance.pk])

    def titled(self, shown: Price) -> str:
        return f"{shown.variant} · {shown}"

    @admin.display(description=gettext_lazy("product"), ordering="variant__product__name")
    def product(self, price: Price) -> str:
        return price.variant.product.name

    @admin.display(description=gettext_lazy("variant"))
    def variant_label(self, price: Price) -> str:
        return label(price.variant) or price.variant.sku or "–"

    @admin.display(description=gettext_lazy("price"), ordering="amount")
    def price(self, price: Price) -> Any:
        return amount(Money(price.amount, price.currency))

    @admin.display(description=gettext_lazy("sale price now"))
    def sale_now(self, price: Price) -> Any:
        return amount(None if price.sale_amount is None else Money(price.sale_amount, price.currency))


def _moment(at: datetime | None) -> str:
    return _("further notice") if at is None else date_format(timezone.localtime(at), "DATETIME_FORMAT")
