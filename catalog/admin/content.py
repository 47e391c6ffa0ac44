"""The home page and the pages of text."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.admin.richtext import RichTextForm
from catalog.models import Block, Category, Page
from catalog.queries import blocks
from shop import markets
from shop.desk.filters import market_name
from shop.desk.rows import RowForm
from shop.desk.site import Section
from shop.desk.tables import Table

NAMED = 20  # categories that an error lists


class BlockForm(RowForm):
    """A block; its lists are written as JSON, and checked for what the page expects."""

    class Meta:
        model = Block
        fields = (
            *("kind", "market", "position", "is_published", "eyebrow", "title", "text", "image"),
            *("links", "facts", "goods"),
        )
        widgets = {"market": forms.Select}
        help_texts: ClassVar = {
            "links": gettext_lazy(
                'Buttons: [{"label": "See the posters", "path": "/c/posters/", "primary": true}]'
            ),
            "facts": gettext_lazy('Numbers with a word each: [{"figure": "250 g", "label": "cotton paper"}]'),
            "goods": gettext_lazy(
                'By what stands in their addresses: {"slugs": ["two-suns", "low-hills"]}. Or by a rule, of'
                ' which you may leave out any part: {"category": "posters", "sale": true, "max_price": 25,'
                ' "sort": "new", "count": 4}; sort is popular, new, price, -price or name.'
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "market" in self.fields:
            choices = [("", _("every market")), *((market.code, market.name) for market in markets.all())]
            self.fields["market"].widget.choices = choices

    def clean_links(self) -> Any:
        """Paths within the shop."""
        links = _rows(self.cleaned_data["links"], {"label", "path"}, {"primary"})
        for link in links:
            if not str(link["path"]).startswith("/") or str(link["path"]).startswith("//"):
                raise ValidationError(_("A path begins with one slash, such as /c/posters/."))
        return links

    def clean_facts(self) -> Any:
        """Figures with their labels."""
        return _rows(self.cleaned_data["facts"], {"figure", "label"}, set())

    def clean_goods(self) -> Any:
        """Which goods a row shows."""
        goods = self.cleaned_data["goods"] or {}
        if not isinstance(goods, dict) or not set(goods) <= blocks.RULES:
            raise ValidationError(_("Use these names only: %s.") % ", ".join(sorted(blocks.RULES)))
        if complaints := list(_complaints(goods)):
            raise ValidationError(complaints)
        return goods


@admin.register(Block)
class BlockTable(Table):
    """The home page, from top to bottom."""

    section = Section.CONTENT
    place = 1
    form = BlockForm
    noun = (gettext_lazy("block"), gettext_lazy("blocks"))
    list_display = ("label", "kind", "where", "position", "is_published")
    list_editable = ("position", "is_published")
    list_filter = ("is_published", "kind")
    search_fields = ("title", "text")
    ordering = ("position", "id")
    autocomplete_fields = ("image",)
    fieldsets = (
        (None, {"fields": (("kind", "market"), ("position", "is_published"))}),
        (gettext_lazy("Words"), {"fields": ("eyebrow", "title", "text", "image")}),
        (gettext_lazy("Links, figures, goods"), {"fields": ("links", "facts", "goods")}),
    )

    @admin.display(description=gettext_lazy("block"), ordering="title")
    def label(self, block: Block) -> str:
        return str(block)

    @admin.display(description=gettext_lazy("market"), ordering="market")
    def where(self, block: Block) -> str:
        return market_name(block.market) if block.market else _("every market")


class PageForm(RichTextForm):
    """A page; its text is HTML."""

    rich = ("body",)

    class Meta:
        model = Page
        fields = ("title", "slug", "summary", "body", "group", "position", "is_published")


@admin.register(Page)
class PageTable(Table):
    """Delivery, returns, imprint …"""

    section = Section.CONTENT
    place = 2
    form = PageForm
    list_display = ("title", "slug", "group", "position", "is_published")
    list_editable = ("position", "is_published")
    list_filter = ("is_published", "group")
    search_fields = ("title", "slug")
    ordering = ("group", "position")
    prepopulated_fields = {"slug": ("title",)}
    fields = (("title", "slug"), "summary", "body", ("group", "position"), "is_published")

    def get_view_on_site_url(self, obj: Any = None) -> str | None:
        if obj is None or not obj.is_published:
            return None
        return markets.url(markets.default(), "catalog:page", obj.slug)


def _complaints(goods: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a rule: the page would leave out its goods without a word."""
    slugs, category, count = goods.get("slugs"), goods.get("category"), goods.get("count")
    if slugs is not None and not (isinstance(slugs, list) and all(map(blocks.is_slug, slugs))):
        yield _('Write as "slugs" what stands in the addresses of goods: ["two-suns", "low-hills"].')
    if category is not None and not (
        blocks.is_slug(category) and Category.objects.filter(slug=category).exists()
    ):
        known = Category.objects.order_by("path").values_list("slug", flat=True)
        listed = ", ".join([*known[:NAMED], *(["…"] if known.count() > NAMED else [])])
        yield _('There is no category "%(asked)s". Write one of these: %(known)s.') % {
            "asked": category,
            "known": listed or "–",
        }
    if "sort" in goods and str(goods["sort"]) not in blocks.ORDERS:
        yield _('Write one of these as "sort": %s.') % ", ".join(blocks.ORDERS)
    if "max_price" in goods and blocks.price(goods["max_price"]) is None:
        yield _('Write an amount as "max_price", such as 25 or "24.90".')
    if "sale" in goods and not isinstance(goods["sale"], bool):
        yield _('Write true or false as "sale".')
    if count is not None and (type(count) is not int or not 1 <= count <= blocks.GOODS_AT_MOST):
        yield _('Write a number from 1 to %s as "count".') % blocks.GOODS_AT_MOST


def _rows(value: Any, needed: set[str], allowed: set[str]) -> list[dict[str, Any]]:
    """A list of objects with these names; nothing is an empty list."""
    if not value:
        return []
    if not isinstance(value, list) or not all(
        isinstance(row, dict) and needed <= set(row) <= needed | allowed for row in value
    ):
        names = ", ".join(sorted(needed | allowed))
        raise ValidationError(_("Write a list of objects with these names: %s.") % names)
    return value
