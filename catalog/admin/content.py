"""The home page and the pages of text."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.admin.richtext import RichTextForm
from catalog.models import Block, Page
from shop import markets
from shop.desk.filters import market_name
from shop.desk.rows import RowForm
from shop.desk.site import Section
from shop.desk.tables import Table

GOODS_KEYS = {"slugs", "category", "sort", "max_price", "count"}


class BlockForm(RowForm):
    """A block; its lists are written as JSON, and checked for what the page expects."""

    class Meta:
        model = Block
        fields = (
            *("kind", "market", "position", "is_published", "eyebrow", "title", "text", "image"),
            *("links", "facts", "goods"),
        )
        widgets = {"market": forms.Select}

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
        if not isinstance(goods, dict) or not set(goods) <= GOODS_KEYS:
            raise ValidationError(_("Use these names only: %s.") % ", ".join(sorted(GOODS_KEYS)))
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
