"""Steered queries on the desk: which goods stand where, beside what the query finds as it stands."""

from collections.abc import Sequence
from functools import cache
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog import search
from catalog.admin.thumbnail import thumbnail
from catalog.admin.variant import availability_of
from catalog.models import Pin, SteeredQuery
from catalog.search import steering
from shop import markets
from shop.desk.cells import amount, moment, pill
from shop.desk.filters import MarketFilter, market_name
from shop.desk.parts import counted
from shop.desk.rows import RowForm
from shop.desk.site import Section
from shop.desk.tables import Rows, Table

PREVIEWED = 10  # results
DOTS = {Pin.Kind.FIRST: "good", Pin.Kind.HIGHER: "good", Pin.Kind.LOWER: "low", Pin.Kind.HIDDEN: "bad"}


class SteeredForm(RowForm):
    """A query and its market; how it is folded is not typed."""

    market = forms.ChoiceField(label=gettext_lazy("Market"), required=False)
    also_changed = ("query", "folded")

    class Meta:
        model = SteeredQuery
        fields = ("query", "market")
        help_texts: ClassVar = {
            "query": gettext_lazy(
                "As shoppers type it. Capitals, accents and punctuation make no difference; other words, and"
                " another order of them, do."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "market" in self.fields:
            choices = [("", _("Every market")), *((market.code, market.name) for market in markets.all())]
            self.fields["market"].choices = choices  # type: ignore[attr-defined]
            self.fields["market"].help_text = _("A market's own row goes before that for every market.")

    def clean(self) -> dict[str, Any] | None:
        data = super().clean() or {}
        if "query" not in data:
            return data
        data["query"] = search.clean(data["query"])
        self.instance.folded = steering.key(data["query"])
        if not self.instance.folded:
            self.add_error("query", _("Write at least one word."))
            return data
        held = SteeredQuery.objects.filter(folded=self.instance.folded, market=data.get("market", ""))
        other = held.exclude(pk=self.instance.pk).first()
        if other is not None:
            self.add_error("query", _("%s is steered there already: change that one instead.") % other)
        return data


class PinFormSet(BaseInlineFormSet):
    """Each product once."""

    def get_unique_error_message(self, unique_check: Sequence[str]) -> str:
        return _("A product is pinned here twice: keep one of its rows.")


class PinRows(Rows):
    """Which goods stand where."""

    model = Pin
    formset = PinFormSet
    fields = ("product", "kind", "position")
    autocomplete_fields = ("product",)
    extra = 1

    def get_queryset(self, request: HttpRequest) -> QuerySet[Pin]:
        return super().get_queryset(request).select_related("product")


@admin.register(SteeredQuery)
class SteeredTable(Table):
    """Queries of which the merchant says what comes first; each edit holds for the next search."""

    section = Section.GOODS
    place = 8
    form = SteeredForm
    list_display = ("query", "where", "pinned", "changed")
    list_filter = (MarketFilter,)
    search_fields = ("query", "folded")
    ordering = ("query", "market")
    sortable_by = ("query", "where", "changed")
    fields = (("query", "market"),)
    inlines = (PinRows,)
    change_form_template = "admin/catalog/steeredquery/form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[SteeredQuery]:
        return super().get_queryset(request).prefetch_related("pins")

    def get_view_on_site_url(self, obj: Any = None) -> str | None:
        return address(obj.market, obj.query) if obj is not None else None

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """With what the query finds by now, below what is pinned."""
        is_number = object_id is not None and object_id.isdecimal() and len(object_id) < 18
        shown = SteeredQuery.objects.filter(pk=int(object_id or 0)).first() if is_number else None
        query, market = request.GET.get("query", ""), request.GET.get("market", "")
        if shown is not None:
            query, market = shown.query, shown.market
        # Asked for when it is shown: whoever saves is sent on.
        context = {"preview": cache(lambda: preview(market, query)), **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, context)

    @admin.display(description=gettext_lazy("market"), ordering="market")
    def where(self, row: SteeredQuery) -> str:
        return market_name(row.market) if row.market else _("Every market")

    @admin.display(description=gettext_lazy("pinned"))
    def pinned(self, row: SteeredQuery) -> str:
        """At the top: 2 · Not at all: 1"""
        kinds = [pin.kind for pin in row.pins.all()]
        return counted({str(kind.label): kinds.count(kind) for kind in Pin.Kind}) or _("Nothing")

    @admin.display(description=gettext_lazy("changed"), ordering="changed_at")
    def changed(self, row: SteeredQuery) -> Any:
        return moment(row.changed_at)


def address(market: str, query: str) -> str:
    """Where shoppers see what a query finds."""
    url = markets.url(markets.get_or_default(market), "catalog:search")
    return f"{url}?{urlencode({'q': query})}"


def preview(code: str, typed: str) -> dict[str, Any] | None:
    """The first results of a query as they stand, and which of them are pinned."""
    query = search.clean(typed)
    if not query:
        return None
    market = markets.get_or_default(code)
    with markets.use(market):
        found = search.find(market, query)
    shown = found.listing.cards[:PREVIEWED]
    steered = steering.of(market, found.corrected or query)
    kinds = {pk: kind for kind in Pin.Kind for pk in getattr(steered, kind.value)}
    return {
        "query": query,
        "market": market.name,
        "url": address(code, query),
        "rows": [
            {
                "name": row["name"],
                "url": reverse("admin:catalog_product_change", args=[row["product_id"]]),
                "thumbnail": thumbnail(row["picture"]),
                "price": amount(row["price"]),
                "availability": availability_of(row["availability"]),
                "pin": pill(DOTS[kind], kind.label) if (kind := kinds.get(row["product_id"])) else "",
            }
            for row in shown
        ],
    }
