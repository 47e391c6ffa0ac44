"""Pictures: rows of the product's page, where they are uploaded and ordered, and a list of all."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog import images
from catalog.admin.thumbnail import thumbnail
from catalog.models import Image
from shop.desk.parts import MOST_NAMED
from shop.desk.rows import RowForm
from shop.desk.site import Section
from shop.desk.tables import Rows, Table


class PictureForm(RowForm):
    """A picture; its file is judged here and taken in by catalog.images, which keeps nothing of the name."""

    _accepted: images.Original | None = None

    upload = forms.FileField(
        label=gettext_lazy("File"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp,image/avif"}),
    )

    class Meta:
        model = Image
        fields = ("alt", "variant", "mat", "position")
        widgets = {"alt": forms.TextInput(attrs={"size": 22})}

    def has_changed(self) -> bool:
        """A new row with a position alone is no picture."""
        return super().has_changed() and (bool(self.instance.pk) or set(self.changed_data) != {"position"})

    def clean(self) -> dict[str, Any] | None:
        data = super().clean()
        if not self.instance.pk and not self.cleaned_data.get("upload") and "upload" not in self.errors:
            self.add_error("upload", _("Choose a file: a JPEG, PNG, WebP or AVIF picture."))
        return data

    def clean_upload(self) -> Any:
        """What the file really holds counts, not what it is called."""
        upload = self.cleaned_data["upload"]
        if upload:
            try:
                self._accepted = images.accept(upload)
            except images.BadPicture as error:
                raise ValidationError(str(error)) from error
        return upload

    @property
    def also_changed(self) -> tuple[str, ...]:
        """The columns that come with a file."""
        return ("original", "width", "height", "drawing") if self._accepted else ()

    def save(self, commit: bool = True) -> Any:
        """A new file takes the old one's place; the worker makes its renditions."""
        if self._accepted:
            images.put(self.instance, self._accepted)
        return super().save(commit)


class PictureRows(Rows):
    """The product's pictures in their order."""

    model = Image
    form = PictureForm
    fields = ("thumb", "upload", "alt", "variant", "mat", "position")
    classes = ("cards", "collapse")
    readonly_fields = ("thumb",)
    autocomplete_fields = ("variant",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Image]:
        return super().get_queryset(request).select_related("product", "variant__product")

    def gist(self, rows: Sequence[Image]) -> str:
        """The pictures themselves."""
        if not rows:
            return super().gist(rows)
        shown = [(thumbnail(image.renditions),) for image in rows[:MOST_NAMED]]
        return format_html("{} {}", len(rows), format_html_join("", "{}", shown))

    @admin.display(description=gettext_lazy("picture"))
    def thumb(self, image: Image) -> Any:
        return thumbnail(image.renditions) if image.pk else ""


class LonePictureForm(PictureForm):
    """The same on a page of its own, for content."""

    class Meta(PictureForm.Meta):
        fields = ("product", "variant", "alt", "mat", "position")  # type: ignore[assignment]


@admin.register(Image)
class PictureTable(Table):
    """All pictures; categories and the home page find theirs here."""

    section = Section.CONTENT
    place = 3
    form = LonePictureForm
    list_display = ("thumb", "alt", "product", "position", "size")
    list_display_links = ("alt",)
    sortable_by = ("product",)
    list_select_related = ("product",)
    search_fields = ("alt", "product__name")
    ordering = ("-id",)
    autocomplete_fields = ("product", "variant")
    readonly_fields = ("thumb", "size")
    fields = (("thumb", "size"), "upload", ("product", "variant"), "alt", ("mat", "position"))

    @admin.display(description=gettext_lazy("picture"))
    def thumb(self, image: Image) -> Any:
        return thumbnail(image.renditions) if image.pk else "–"

    @admin.display(description=gettext_lazy("size"))
    def size(self, image: Image) -> str:
        return f"{image.width} × {image.height}" if image.width else "–"
