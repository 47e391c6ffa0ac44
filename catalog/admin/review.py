"""Reviews: read, published, taken down."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from catalog.models import Review
from shop.desk.cells import moment
from shop.desk.site import Section
from shop.desk.tables import Table


@admin.register(Review)
class ReviewTable(Table):
    """What buyers say; a merchant publishes, but does not rewrite."""

    section = Section.GOODS
    place = 6
    list_display = ("stars", "title", "product", "name", "is_published", "written")
    list_display_links = ("stars",)
    sortable_by = ("stars", "product", "is_published", "written")
    list_filter = ("is_published", "rating")
    list_select_related = ("product",)
    search_fields = ("title", "name", "product__name")
    ordering = ("-created_at", "-id")
    autocomplete_fields = ("product",)
    actions = ("publish", "unpublish")
    fields = ("product", "rating", "name", "title", "body", "created_at", "is_published")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Of a review that is there, when it was written, as far as that is known."""
        return tuple("written" if obj and name == "created_at" else name for name in self.fields)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Another's words stay as they are."""
        return ("product", "rating", "name", "title", "body", "written") if obj else ()

    @admin.display(description=gettext_lazy("stars"), ordering="rating")
    def stars(self, review: Review) -> Any:
        return format_html(
            '<span class="stars" role="img" aria-label="{}">{}</span>',
            ngettext("%d star", "%d stars", review.rating) % review.rating,
            "★" * review.rating + "☆" * (5 - review.rating),
        )

    @admin.display(description=gettext_lazy("written"), ordering="created_at")
    def written(self, review: Review) -> Any:
        return moment(review.written_at) if review.written_at else _("not known")

    @admin.action(description=gettext_lazy("Publish reviews"), permissions=["change"])
    def publish(self, request: HttpRequest, queryset: QuerySet[Review]) -> None:
        self._show(request, queryset, True)

    @admin.action(description=gettext_lazy("Unpublish reviews"), permissions=["change"])
    def unpublish(self, request: HttpRequest, queryset: QuerySet[Review]) -> None:
        self._show(request, queryset, False)

    def _show(self, request: HttpRequest, queryset: QuerySet[Review], is_published: bool) -> None:
        chosen = Review.objects.filter(pk__in=queryset.values("pk")).exclude(is_published=is_published)
        number = chosen.update(is_published=is_published)
        text = (
            ngettext("%d review published", "%d reviews published", number)
            if is_published
            else ngettext("%d review unpublished", "%d reviews unpublished", number)
        )
        self.message_user(request, text % number, messages.SUCCESS if number else messages.INFO)
