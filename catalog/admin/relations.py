"""What joins a product to the rest: its places in the tree, its values, the goods that go with it."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.models import Listing, ProductLink, ProductValue
from shop.desk.parts import counted
from shop.desk.rows import RowForm
from shop.desk.tables import Rows


class ListingForm(RowForm):
    """One place of the product."""

    class Meta:
        model = Listing
        fields = ("category", "is_primary", "position")

    def _get_validation_exclusions(self) -> set[str]:
        """That there is one home is for all rows together: to move it, two rows change at once."""
        return super()._get_validation_exclusions() | {"is_primary"}  # type: ignore[misc]


class ListingFormSet(BaseInlineFormSet):
    """Keeps one home among the listings."""

    def clean(self) -> None:
        super().clean()
        if len(self._homes()) > 1:
            raise ValidationError(_("A product has one home: tick “its home” at one category only."))

    def save(self, commit: bool = True) -> Any:
        homes = self._homes()
        if commit and homes and self.instance.pk:  # the old home goes first, whatever the order of the rows
            held = Listing.objects.filter(product=self.instance, is_primary=True)
            held.exclude(pk=homes[0].instance.pk).update(is_primary=False)
        return super().save(commit)

    def _homes(self) -> list[Any]:
        return [
            form
            for form in self.forms
            if getattr(form, "cleaned_data", {}).get("is_primary") and form not in self.deleted_forms
        ]


class ListingRows(Rows):
    """The categories it stands in."""

    model = Listing
    form = ListingForm
    verbose_name = gettext_lazy("category")
    verbose_name_plural = gettext_lazy("categories")
    formset = ListingFormSet
    classes = ("collapse",)
    autocomplete_fields = ("category",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Listing]:
        return super().get_queryset(request).select_related("category", "product")

    def said(self, row: Listing) -> str:
        return _("%s (its home)") % row.category if row.is_primary else str(row.category)


class ValueRows(Rows):
    """What shoppers filter by."""

    model = ProductValue
    verbose_name = gettext_lazy("attribute")
    verbose_name_plural = gettext_lazy("attributes")
    classes = ("collapse",)
    autocomplete_fields = ("value",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProductValue]:
        return super().get_queryset(request).select_related("value__attribute")

    def said(self, row: ProductValue) -> str:
        return row.value.label


class LinkForm(RowForm):
    """A companion or an alternative."""

    class Meta:
        model = ProductLink
        fields = ("other", "kind", "position")

    def clean_other(self) -> Any:
        """The database refuses it too, but says it less kindly."""
        other = self.cleaned_data["other"]
        if other == self.instance.product:
            raise ValidationError(_("A product cannot be linked to itself: choose another one."))
        return other


class LinkRows(Rows):
    """What goes with it, or instead of it."""

    model = ProductLink
    form = LinkForm
    fk_name = "product"
    classes = ("collapse",)
    autocomplete_fields = ("other",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProductLink]:
        return super().get_queryset(request).select_related("other", "product")

    def gist(self, rows: Sequence[ProductLink]) -> str:
        """How many of each kind."""
        kinds = Counter(str(row.get_kind_display()) for row in rows)
        return counted(kinds) if rows else super().gist(rows)
