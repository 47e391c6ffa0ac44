"""Stock: changed by what came or was counted, never by typing over what has been sold meanwhile."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog import stock
from catalog.admin.variant import label
from catalog.models import Availability, Stock, StockMovement
from shop.desk.cells import moment, number, pill, signed
from shop.desk.rows import RowForm
from shop.desk.site import Section
from shop.desk.tables import Table, Unchangeable

REASONS = [
    (kind.value, capfirst(kind.label))
    for kind in (StockMovement.Kind.RECEIVED, StockMovement.Kind.COUNTED, StockMovement.Kind.RETURNED)
]


class StockForm(RowForm):
    """Either what came or went, or what was counted; `seen` is what lay there when the form was opened."""

    change = forms.IntegerField(
        label=gettext_lazy("Came or went"),
        required=False,
        min_value=-1_000_000,
        max_value=1_000_000,
        help_text=gettext_lazy("12 came in, -3 were broken …"),
    )
    counted = forms.IntegerField(
        label=gettext_lazy("Or counted"),
        required=False,
        min_value=0,
        max_value=100_000_000,
        help_text=gettext_lazy("All that lie there, those reserved for orders too."),
    )
    kind = forms.ChoiceField(label=gettext_lazy("Reason"), choices=REASONS, required=False)
    note = forms.CharField(label=gettext_lazy("Note"), max_length=200, required=False)
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Stock
        fields = ("low_at", "is_tracked")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen"] = self.instance.on_hand

    def clean(self) -> dict[str, Any] | None:
        data = super().clean()
        change, counted = self.cleaned_data.get("change"), self.cleaned_data.get("counted")
        if change is not None and counted is not None:
            raise ValidationError(_("Say what came or went, or what was counted: not both."))
        held, delta = self.instance, self.delta()
        if delta and (left := held.on_hand + delta) < (held.promised if held.is_tracked else 0):
            text = _(
                "%(left)d would be left, but %(reserved)d are reserved: ship or cancel these orders first."
            )
            raise ValidationError(text % {"left": left, "reserved": held.promised})
        return data

    def delta(self) -> int:
        """Units to add. A count is compared with what lay there then: what was sold since stays sold."""
        counted = self.cleaned_data.get("counted")
        if counted is None:
            return self.cleaned_data.get("change") or 0
        seen = self.cleaned_data.get("seen")
        return counted - (self.instance.on_hand if seen is None else seen)


LEVELS = {Availability.OUT: gettext_lazy("sold out"), Availability.LOW: gettext_lazy("low")}


def at_level(level: str) -> Q:
    """The shelves of what is on sale and stands there, as the shop's pages say it."""
    return Q(variant__availability=level, variant__is_active=True, variant__product__is_published=True)


class LevelFilter(admin.SimpleListFilter):
    """Low or gone, of what is on sale."""

    title = gettext_lazy("level")
    parameter_name = "level"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(level.value, name) for level, name in LEVELS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Stock]) -> QuerySet[Stock]:
        return queryset.filter(at_level(self.value() or "")) if self.value() in LEVELS else queryset


@admin.register(Stock)
class StockTable(Table):
    """What lies on the shelf."""

    section = Section.PRICES
    place = 2
    noun = (gettext_lazy("stock item"), gettext_lazy("stock items"))
    form = StockForm
    list_display = ("product", "variant_label", "level", "lying", "promised", "free", "warned_at", "wanted")
    list_display_links = ("product",)
    list_filter = (LevelFilter, "is_tracked")
    search_fields = ("variant__sku", "variant__product__name")
    search_help_text = gettext_lazy("Search by product or SKU")
    ordering = ("variant__product__name", "variant__position", "pk")
    readonly_fields = ("product", "variant_label", "lying", "promised", "free", "level", "movements")
    autocomplete_fields = ("variant",)
    fieldsets = (
        (None, {"fields": (("product", "variant_label"), ("level", "lying", "promised", "free"))}),
        (gettext_lazy("Change the stock"), {"fields": (("change", "counted"), ("kind", "note"), "seen")}),
        (gettext_lazy("Warn and count"), {"fields": (("low_at", "is_tracked"),)}),
        (gettext_lazy("Latest movements"), {"fields": ("movements",)}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # a variant has its shelf from the beginning

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Stock]:
        held = super().get_queryset(request).select_related("variant__product")
        return held.prefetch_related("variant__options__value__attribute", "buckets")

    def get_ordering(self, request: HttpRequest) -> Any:
        """What runs out: the most wanted first."""
        is_short = request.GET.get(LevelFilter.parameter_name)
        return ("-variant__product__popularity", "pk") if is_short else super().get_ordering(request)

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        return lookup == "variant__product" or super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]

    def titled(self, shown: Stock) -> str:
        return " · ".join(filter(None, (shown.variant.product.name, label(shown.variant))))

    def save_model(self, request: HttpRequest, obj: Stock, form: Any, change: bool) -> None:
        """What is counted belongs to catalog/stock/, and so does what is said of it."""
        delta = form.delta()
        kind = form.cleaned_data["kind"] or StockMovement.Kind.COUNTED
        if form.cleaned_data.get("counted") is not None:
            kind = StockMovement.Kind.COUNTED
        try:
            stock.set_terms(obj.pk, low_at=obj.low_at, is_tracked=obj.is_tracked)
            if delta:
                stock.adjust(
                    obj.pk, delta=delta, kind=kind, note=form.cleaned_data["note"], actor_id=request.user.pk
                )
        except stock.BelowReserved as error:
            self.message_user(request, str(error), messages.ERROR)

    @admin.display(description=gettext_lazy("product"), ordering="variant__product__name")
    def product(self, held: Stock) -> str:
        return held.variant.product.name

    @admin.display(description=gettext_lazy("variant"))
    def variant_label(self, held: Stock) -> str:
        return " · ".join(filter(None, (label(held.variant), held.variant.sku))) or "–"

    @admin.display(description=gettext_lazy("on hand"), ordering="on_hand")
    def lying(self, held: Stock) -> Any:
        return number(held.on_hand)

    @admin.display(description=gettext_lazy("reserved"), ordering="reserved")
    def promised(self, held: Stock) -> Any:
        return number(held.promised)

    @admin.display(description=gettext_lazy("free"))
    def free(self, held: Stock) -> Any:
        return number(held.free)

    @admin.display(description=gettext_lazy("low at"))
    def warned_at(self, held: Stock) -> Any:
        return number(held.low_at)

    @admin.display(description=gettext_lazy("popularity"), ordering="variant__product__popularity")
    def wanted(self, held: Stock) -> Any:
        return number(held.variant.product.popularity)

    @admin.display(description=gettext_lazy("level"))
    def level(self, held: Stock) -> Any:
        if not held.is_tracked:
            return pill("quiet", _("not counted"))
        left = held.free
        if left <= 0:
            return pill("bad", LEVELS[Availability.OUT])
        return pill("low", LEVELS[Availability.LOW]) if left <= held.low_at else pill("good", _("in stock"))

    @admin.display(description=gettext_lazy("movements"))
    def movements(self, held: Stock) -> str:
        """The last dozen, and where the others are."""
        latest = (
            StockMovement.objects.filter(variant=held.pk).select_related("actor").order_by("-at", "-id")[:12]
        )
        rows = [
            {
                "when": moment(movement.at),
                "what": capfirst(movement.get_kind_display()),
                "on_hand": signed(movement.on_hand_change),
                "reserved": signed(movement.reserved_change),
                "why": " · ".join(filter(None, (movement.reference, movement.note))) or "–",
                "who": movement.actor or "–",
            }
            for movement in latest
        ]
        url = reverse("admin:catalog_stockmovement_changelist") + f"?variant__pk={held.pk}"
        return render_to_string("admin/catalog/stock/movements.html", {"rows": rows, "url": url})


@admin.register(StockMovement)
class MovementTable(Unchangeable, Table):
    """Why the stock is what it is."""

    section = Section.PRICES
    place = 3
    list_display = (
        "when",
        "variant_label",
        "reason",
        "came",
        "promised",
        "reference",
        "note",
        "actor",
    )
    sortable_by = ("when", "reason", "actor")
    list_filter = ("kind",)
    list_select_related = ("variant__product", "actor")
    search_fields = ("variant__sku", "variant__product__name", "reference")
    ordering = ("-at", "-id")

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        return lookup == "variant__pk" or super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]

    @admin.display(description=gettext_lazy("when"), ordering="at")
    def when(self, movement: StockMovement) -> Any:
        return moment(movement.at)

    @admin.display(description=gettext_lazy("variant"))
    def variant_label(self, movement: StockMovement) -> str:
        return " · ".join(filter(None, (movement.variant.product.name, movement.variant.sku)))

    @admin.display(description=gettext_lazy("what"), ordering="kind")
    def reason(self, movement: StockMovement) -> str:
        return capfirst(movement.get_kind_display())

    @admin.display(description=gettext_lazy("on hand"))
    def came(self, movement: StockMovement) -> Any:
        return signed(movement.on_hand_change)

    @admin.display(description=gettext_lazy("reserved"))
    def promised(self, movement: StockMovement) -> Any:
        return signed(movement.reserved_change)
