"""Products: all that a page shows, in one form."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from catalog.admin.deletion import Goods
from catalog.admin.filters import CategoryFilter, KindFilter, StateFilter
from catalog.admin.picture import PictureRows
from catalog.admin.relations import LinkRows, ListingRows, ValueRows
from catalog.admin.richtext import RichTextForm
from catalog.admin.thumbnail import thumbnail
from catalog.admin.variant import COLOURS, VariantRows, availability_of
from catalog.models import Image, Price, Product, TaxClass, Variant
from catalog.queries import cards
from shop import markets
from shop.desk.cells import amount, grouped, moment
from shop.desk.site import Section
from shop.edge import shows
from shop.money import Money


class ProductForm(RichTextForm):
    """A product; its texts may be formatted."""

    rich = ("description", "care")

    class Meta:
        model = Product
        fields = "__all__"
        help_texts: ClassVar = {
            "is_published": gettext_lazy(
                "While it is not, its address says “not found”; once it is deleted, “gone for good”."
            )
        }
        error_messages: ClassVar = {
            "slug": {"unique": gettext_lazy("Another product has this address already: give it another one.")}
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None:  # taxed as most are
            most = TaxClass.objects.annotate(number=Count("products")).order_by("-number", "pk")
            self.initial.setdefault("tax_class", most.values_list("pk", flat=True).first())


@admin.register(Product)
class ProductTable(Goods):
    """Everything on sale, and everything that will be."""

    section = Section.GOODS
    place = 1
    form = ProductForm
    list_display = ("thumb", "name", "kind", "price", "availability", "is_published", "changed")
    list_display_links = ("name",)
    list_filter = (StateFilter, KindFilter, CategoryFilter)
    search_fields = ("name",)
    search_help_text = gettext_lazy("Search by name, SKU or barcode")
    ordering = ("-updated_at", "-id")
    actions = ("publish", "unpublish")
    autocomplete_fields = ("tax_class",)
    prepopulated_fields = {"slug": ("name",)}
    readonly_fields = ("external_id", "created_at", "updated_at")
    inlines = (VariantRows, PictureRows, ListingRows, ValueRows, LinkRows)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("name", "slug"),
                    ("kind", "series", "brand"),
                    "summary",
                    "description",
                    "is_published",
                )
            },
        ),
        (gettext_lazy("Care"), {"fields": ("care",), "classes": ("collapse",)}),
        (
            gettext_lazy("Selling"),
            {"fields": (("published_at", "tax_class", "popularity"),), "classes": ("collapse",)},
        ),
        (
            gettext_lazy("Where it comes from"),
            {"fields": ("external_id", ("created_at", "updated_at")), "classes": ("collapse",)},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        """With what a row shows, as subqueries: they are asked for the fifty rows of a page, not for all."""
        products = super().get_queryset(request)
        variants = Variant.objects.filter(product=OuterRef("pk"), is_active=True)
        prices = Price.objects.filter(
            variant__product=OuterRef("pk"), variant__is_active=True, currency=markets.default().currency
        ).order_by("amount")
        pictures = Image.objects.filter(product=OuterRef("pk")).order_by("position", "id")
        return products.annotate(
            lowest=Subquery(prices.values("amount")[:1]),
            states=ArraySubquery(variants.order_by().values("availability").distinct()),
            picture=Subquery(pictures.values("renditions")[:1]),
        )

    def get_ordering(self, request: HttpRequest) -> Any:
        """What cannot be bought: the most wanted first."""
        is_short = request.GET.get(StateFilter.parameter_name) == "out"
        return ("-popularity", "-id") if is_short else super().get_ordering(request)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """The database would say now, but the form has to show it."""
        return {"published_at": timezone.localtime(), **super().get_changeform_initial_data(request)}

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Every word stands in the name, or begins a SKU, or is a barcode."""
        for word in search_term.split()[:8]:
            sold = Variant.objects.filter(Q(sku__istartswith=word) | Q(barcode=word)).values("product_id")
            queryset = queryset.filter(Q(name__icontains=word) | Q(pk__in=sold))
        return queryset, False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Says beforehand how many pages an edit is about."""
        pages = self._pages(int(object_id)) if object_id.isdecimal() and request.method == "GET" else None
        context = {"shown_on": pages, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Who adds something is told what is left to do before anybody can see it, and buy it."""
        super().save_related(request, form, formsets, change)
        if not (change or form.instance.is_published):
            self.message_user(request, _("Nobody sees it until it is published."), messages.INFO)
        number = sum(len(rows.new_objects) for rows in formsets if rows.model is Variant)
        if number:
            url = f"{reverse('admin:catalog_stock_changelist')}?variant__product={form.instance.pk}"
            text = ngettext(
                "%d new variant is sold out until its stock is counted.",
                "%d new variants are sold out until their stock is counted.",
                number,
            )
            said = format_html('{} <a href="{}">{}</a>', text % number, url, _("Count it"))
            self.message_user(request, said, messages.INFO)

    def _pages(self, product_id: int) -> str:
        """Of all markets, as far as somebody has looked at them; nothing where that is not known."""
        of_cards = [key for market in markets.all() for key in cards.keys(market, [product_id])]
        count = shows.count([f"product/{product_id}", *of_cards])
        if count is None:
            return ""
        if not count:
            return _("Nobody has looked at a page with it of late")
        return ngettext("Shown on %s page", "Shown on %s pages", count) % grouped(count)

    def get_view_on_site_url(self, obj: Any = None) -> str | None:
        """Nothing leads to a page that is not there."""
        if obj is None or not obj.is_published:
            return None
        return markets.url(markets.default(), "catalog:product", obj.slug)

    @admin.display(description=gettext_lazy("picture"))
    def thumb(self, product: Any) -> Any:
        return thumbnail(product.picture)

    @admin.display(description=gettext_lazy("price from"))
    def price(self, product: Any) -> Any:
        return amount(None if product.lowest is None else Money(product.lowest, markets.default().currency))

    @admin.display(description=gettext_lazy("stock"))
    def availability(self, product: Any) -> Any:
        """The best of its variants, as a card says it."""
        state = next((state for state in COLOURS if state in product.states), None)
        return "–" if state is None else availability_of(state)

    @admin.display(description=gettext_lazy("changed"), ordering="updated_at")
    def changed(self, product: Any) -> Any:
        return moment(product.updated_at)

    @admin.action(description=gettext_lazy("Publish products"), permissions=["change"])
    def publish(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        self._show(request, queryset, True)

    @admin.action(description=gettext_lazy("Unpublish products"), permissions=["change"])
    def unpublish(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        self._show(request, queryset, False)

    def _show(self, request: HttpRequest, queryset: QuerySet[Product], is_published: bool) -> None:
        chosen = Product.objects.filter(pk__in=queryset.values("pk")).exclude(is_published=is_published)
        number = chosen.update(is_published=is_published, updated_at=timezone.now())
        text = (
            ngettext("%d product published", "%d products published", number)
            if is_published
            else ngettext("%d product unpublished", "%d products unpublished", number)
        )
        self.message_user(request, text % number, messages.SUCCESS if number else messages.INFO)
