"""The category tree: a list in the menu's order, buttons that move a row, a form that moves it far."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.models import Category, Listing
from shop import markets
from shop.desk.rows import RowForm, save_changes
from shop.desk.site import Section
from shop.desk.tables import Table

TREE_LOCK = 2 << 48  # advisory: two moves at once would give two nodes one path


class CategoryForm(RowForm):
    """A node and its parent; treebeard's own columns are never typed."""

    parent = forms.ModelChoiceField(
        Category.objects.all(),
        label=gettext_lazy("Stands in"),
        required=False,
        help_text=gettext_lazy("Empty: at the top of the tree"),
        widget=AutocompleteSelect(Listing._meta.get_field("category"), admin.site),
    )

    class Meta:
        model = Category
        fields = ("name", "slug", "description", "image", "is_published")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "parent" in self.fields:
            self.initial["parent"] = Category.objects.get_parent(self.instance)

    def clean_parent(self) -> Category | None:
        """No branch can hang on its own twig."""
        parent: Category | None = self.cleaned_data["parent"]
        if parent and self.instance.pk and parent.path.startswith(self.instance.path):
            raise ValidationError(_("A category cannot stand in itself or below itself: choose another one."))
        return parent


@admin.register(Category)
class CategoryTable(Table):
    """The tree. Its order is the order of the menu."""

    section = Section.GOODS
    place = 3
    form = CategoryForm
    list_display = ("branch", "slug", "is_published", "moves")
    list_display_links = ("branch",)
    search_fields = ("name", "slug")
    ordering = ("path",)
    list_per_page = 200
    autocomplete_fields = ("image",)
    prepopulated_fields = {"slug": ("name",)}
    fields = (("name", "slug"), "parent", "description", "image", "is_published")
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Category]:
        return super().get_queryset(request).select_related("image")

    def get_urls(self) -> list[URLPattern]:
        move = self.admin_site.admin_view(self.move_view)
        return [path("<int:pk>/move/<slug:way>/", move, name="catalog_category_move"), *super().get_urls()]

    def get_view_on_site_url(self, obj: Any = None) -> str | None:
        if obj is None or not obj.is_published:
            return None
        return markets.url(markets.default(), "catalog:category", obj.slug)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A branch goes twig by twig, so that nobody loses a tree by one click."""
        return super().has_delete_permission(request, obj) and (obj is None or obj.is_leaf())

    def save_model(self, request: HttpRequest, obj: Category, form: Any, change: bool) -> None:
        parent = form.cleaned_data.get("parent")
        lock_tree()
        parent = Category.objects.get(pk=parent.pk) if parent else None  # paths move: read under the lock
        if not change:
            if parent:
                Category.objects.add_child(parent, instance=obj)
            else:
                Category.objects.add_root(instance=obj)
            return
        save_changes(form)
        if "parent" in form.changed_data:
            node = Category.objects.get(pk=obj.pk)
            if parent:
                Category.objects.move(node, parent, "last-child")
            else:
                Category.objects.move(node, Category.objects.get_last_root_node(), "last-sibling")

    def move_view(self, request: HttpRequest, pk: int, way: str) -> HttpResponse:
        """One place up or down among its siblings."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        category = get_object_or_404(Category, pk=pk)
        if way not in {"up", "down"} or not self.has_change_permission(request, category):
            raise Http404
        with transaction.atomic():
            lock_tree()
            category = Category.objects.get(pk=pk)
            tree = Category.objects
            beside = tree.get_prev_sibling if way == "up" else tree.get_next_sibling
            other = beside(category)
            if other:
                Category.objects.move(category, other, "left" if way == "up" else "right")
        if not other:
            self.message_user(request, _("It stands there already."), messages.INFO)
        return self.rung(request, HttpResponseRedirect(reverse("admin:catalog_category_changelist")))

    @admin.display(description=gettext_lazy("category"))
    def branch(self, category: Category) -> Any:
        """Its name, as deep as it stands."""
        return format_html('<span class="branch branch-{}">{}</span>', category.depth, category.name)

    @admin.display(description=gettext_lazy("order"))
    def moves(self, category: Category) -> Any:
        """Buttons of the list's own form: they need no script."""
        buttons = []
        for way, arrow, text in (("up", "↑", _("Move %s up")), ("down", "↓", _("Move %s down"))):
            url = reverse("admin:catalog_category_move", args=[category.pk, way])
            buttons.append((url, text % category.name, arrow))
        return format_html(
            '<span class="moves"><button type="submit" formaction="{}" aria-label="{}">{}</button>'
            '<button type="submit" formaction="{}" aria-label="{}">{}</button></span>',
            *(part for button in buttons for part in button),
        )


def lock_tree() -> None:
    """Whoever else moves a category waits until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TREE_LOCK])
