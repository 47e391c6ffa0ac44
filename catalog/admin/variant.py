"""Variants: rows of the product's page with a price for each currency, and a page of their own."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import ValidationError
from django.db.models import Case, OuterRef, Q, QuerySet, When
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from catalog.admin.deletion import Goods, VariantRowsSet
from catalog.models import Availability, Price, Stock, Variant, VariantOption
from shop import markets
from shop.desk.cells import amount, grouped, pill
from shop.desk.rows import RowForm, refuse_parts
from shop.desk.site import Section
from shop.desk.tables import Rows
from shop.money import Money, digits

CURRENCIES = tuple(dict.fromkeys(market.currency for market in markets.all()))
COLOURS = {Availability.IN: "good", Availability.LOW: "low", Availability.OUT: "bad"}
PRICE_FIELDS = {f"price_{currency.lower()}": currency for currency in CURRENCIES}


class VariantForm(RowForm):
    """A variant."""

    class Meta:
        model = Variant
        fields = ("product", "sku", "barcode", "position", "weight_grams", "is_active")

    def clean_sku(self) -> str | None:
        """No SKU is NULL: an empty text would not be unique. One that is taken is told beside the field."""
        sku: str | None = self.cleaned_data["sku"] or None
        if sku and "sku" in self.changed_data:
            others = Variant.objects.exclude(pk=self.instance.pk).select_related("product")
            if other := others.filter(sku=sku).first():
                is_here = other.product_id == self.instance.product_id
                owner = _("Another variant of this product") if is_here else f"“{other.product}”"
                raise ValidationError(_("%s has this SKU already: give another one.") % owner)
        return sku

    def _get_validation_exclusions(self) -> set[str]:
        """The constraint's own complaint belongs to no field."""
        return super()._get_validation_exclusions() | {"sku"}  # type: ignore[misc]

    def _save_m2m(self) -> None:
        """Every variant has a shelf, an empty one at first."""
        super()._save_m2m()  # type: ignore[misc]
        Stock.objects.get_or_create(variant=self.instance)


class PricedVariantForm(VariantForm):
    """A variant with its prices; an empty price means that it is not sold in that currency."""

    class Meta(VariantForm.Meta):
        fields = ("sku", "barcode", "is_active", "position")  # type: ignore[assignment]
        widgets = {
            "sku": forms.TextInput(attrs={"size": 11}),
            "barcode": forms.TextInput(attrs={"size": 11}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        held = self.instance.prices.all() if self.instance.pk else ()
        self._prices = {price.currency: price for price in held}
        for name, currency in PRICE_FIELDS.items():
            if currency in self._prices:
                self.initial[name] = self._prices[currency].amount

    def clean(self) -> dict[str, Any] | None:
        data = super().clean()
        for name, currency in PRICE_FIELDS.items():
            given, price = self.cleaned_data.get(name), self._prices.get(currency)
            if given is not None and price and price.sale_amount is not None and given <= price.sale_amount:
                sale = Money(price.sale_amount, currency)
                self.add_error(
                    name, _("A sale at %s is running: end it first, or ask more than that.") % sale
                )
        return data

    def _save_m2m(self) -> None:
        super()._save_m2m()
        for name, currency in PRICE_FIELDS.items():
            if name not in self.changed_data:
                continue
            given: Decimal | None = self.cleaned_data.get(name)
            if given is None:
                Price.objects.filter(variant=self.instance, currency=currency).delete()
            else:
                Price.objects.update_or_create(
                    variant=self.instance, currency=currency, defaults={"amount": given}
                )


for _name, _currency in PRICE_FIELDS.items():
    PricedVariantForm.base_fields[_name] = PricedVariantForm.declared_fields[_name] = forms.DecimalField(
        label=_currency,
        required=False,
        min_value=0,
        max_digits=12,
        decimal_places=digits(_currency),
        widget=forms.NumberInput(
            attrs={
                "class": "vMoneyField",
                "step": str(Money.from_minor(1, _currency).amount),
                "inputmode": "decimal",
            }
        ),
    )


class VariantRows(Rows):
    """The product's variants."""

    model = Variant
    classes = ("collapse",)
    form = PricedVariantForm
    formset = VariantRowsSet
    fields = ("options_label", "sku", "barcode", *PRICE_FIELDS, "stock_label", "is_active", "position")
    readonly_fields = ("options_label", "stock_label")
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Variant]:
        """As their options stand: S, M, L; a position counts where it is somebody's word.

        An import numbers them as they stand in its file, and does so again each time.
        """
        options = VariantOption.objects.filter(variant=OuterRef("pk")).order_by("position")
        place = Case(When(Q(external_id=None) | Q(external_id=""), then="position"), default=0)
        values = ArraySubquery(options.values("value__position"))
        return with_offer(super().get_queryset(request)).order_by(place, values, "position", "pk")

    def gist(self, rows: Sequence[Variant]) -> str:
        """12 · €48.00 – €142.00 · 3 sold out"""
        if not rows:
            return super().gist(rows)
        currency = markets.default().currency
        amounts = [price.amount for row in rows for price in row.prices.all() if price.currency == currency]
        ends = dict.fromkeys(str(Money(end(amounts), currency)) for end in (min, max) if amounts)
        gone = sum(row.is_active and row.availability == Availability.OUT for row in rows)
        return " · ".join(
            part
            for part in (
                grouped(len(rows)),
                " – ".join(ends) or _("no price yet"),
                ngettext("%d sold out", "%d sold out", gone) % gone if gone else "",
            )
            if part
        )

    @admin.display(description=gettext_lazy("options"))
    def options_label(self, variant: Variant) -> str:
        return label(variant) or "–"

    @admin.display(description=gettext_lazy("stock"))
    def stock_label(self, variant: Variant) -> Any:
        return stock_link(variant)


class OptionRows(Rows):
    """What the variant is: its size, its frame."""

    model = VariantOption
    autocomplete_fields = ("value",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[VariantOption]:
        return super().get_queryset(request).select_related("value__attribute", "variant__product")


class PriceForm(RowForm):
    """One currency's price."""

    class Meta:
        model = Price
        fields = ("variant", "currency", "amount", "includes_tax")
        widgets = {"currency": forms.Select(choices=[(code, code) for code in CURRENCIES])}

    def clean_amount(self) -> Decimal:
        """A price must stay above a running sale's."""
        given: Decimal = self.cleaned_data["amount"]
        sale = self.instance.sale_amount
        if sale is not None and given <= sale:
            shown = Money(sale, self.instance.currency)
            raise ValidationError(_("A sale at %s is running: end it first, or ask more than that.") % shown)
        return given

    def clean(self) -> dict[str, Any] | None:
        data = super().clean()
        refuse_parts(self, "amount", self.cleaned_data.get("currency"))
        return data


class PriceRows(Rows):
    """The variant's prices; a price's own page plans its sales."""

    model = Price
    form = PriceForm
    fields = ("currency", "amount", "includes_tax", "sale_now")
    readonly_fields = ("sale_now",)
    show_change_link = True
    max_num = len(CURRENCIES)

    @admin.display(description=gettext_lazy("sale price now"))
    def sale_now(self, price: Price) -> Any:
        return amount(None if price.sale_amount is None else Money(price.sale_amount, price.currency))


@admin.register(Variant)
class VariantTable(Goods):
    """Everything that can be bought."""

    section = Section.GOODS
    place = 2
    form = VariantForm
    list_display = ("name", "sku", "options_column", "prices_column", "state", "is_active")
    list_display_links = ("name",)
    sortable_by = ("name", "state", "is_active")
    list_filter = ("availability", "is_active")
    search_fields = ("sku", "barcode", "product__name")
    search_help_text = gettext_lazy("Search by SKU, barcode or the product's name")
    ordering = ("product__name", "position", "id")
    autocomplete_fields = ("product",)
    readonly_fields = ("state", "stock_column", "external_id")
    inlines = (OptionRows, PriceRows)
    fieldsets = (
        (None, {"fields": ("product", ("sku", "barcode"), ("position", "weight_grams"), "is_active")}),
        (gettext_lazy("Stock"), {"fields": (("state", "stock_column"),)}),
        (gettext_lazy("Where it comes from"), {"fields": ("external_id",), "classes": ("collapse",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Variant]:
        return with_offer(super().get_queryset(request))

    @admin.display(description=gettext_lazy("product"), ordering="product__name")
    def name(self, variant: Variant) -> str:
        return variant.product.name

    @admin.display(description=gettext_lazy("options"))
    def options_column(self, variant: Variant) -> str:
        return label(variant) or "–"

    @admin.display(description=gettext_lazy("prices"))
    def prices_column(self, variant: Variant) -> Any:
        prices = [str(Money(price.amount, price.currency)) for price in variant.prices.all()]
        return format_html('<span class="amount">{}</span>', " · ".join(prices) or "–")

    @admin.display(description=gettext_lazy("availability"), ordering="availability")
    def state(self, variant: Variant) -> Any:
        return availability_of(variant.availability) if variant.pk else "–"

    @admin.display(description=gettext_lazy("on the shelf"))
    def stock_column(self, variant: Variant) -> Any:
        return stock_link(variant) if variant.pk else "–"


def availability_of(state: str) -> Any:
    """In, low or out, as a word with a dot."""
    known = Availability(state)
    return pill(COLOURS[known], known.label)


def with_offer(variants: QuerySet[Variant]) -> QuerySet[Variant]:
    """Variants with all that a row shows, in five queries."""
    return variants.select_related("product", "stock").prefetch_related("prices", "options__value__attribute")


def label(variant: Variant) -> str:
    """30 × 40 cm, oak."""
    if not variant.pk:
        return ""
    options = sorted(variant.options.all(), key=lambda option: option.position)
    return ", ".join(option.value.label for option in options)


def stock_link(variant: Variant) -> Any:
    """What is free, as a link to the page that counts it."""
    stock = getattr(variant, "stock", None) if variant.pk else None
    if stock is None:
        return "–"
    free = str(stock.free) if stock.is_tracked else _("not counted")
    return format_html('<a href="{}">{}</a>', reverse("admin:catalog_stock_change", args=[variant.pk]), free)
