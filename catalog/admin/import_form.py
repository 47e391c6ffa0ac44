"""The form that takes a merchant's files: what they do not say is asked, the rest is read."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import AdminForm
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.importing import formats, uploads
from catalog.importing.plan import first_tax_class, usual_tax_class
from catalog.models import Category, Listing, TaxClass
from shop import markets
from shop.desk.fixes import reword
from shop.desk.rows import Known

SAID = {"": None, "yes": True, "no": False}
FIELDSETS = (
    (None, {"fields": ("sent", "source")}),
    (gettext_lazy("Prices"), {"fields": (("currency", "includes_tax", "tax_class"),)}),
    (gettext_lazy("In the shop"), {"fields": (("publish", "category"), "recount")}),
)


class Several(forms.ClearableFileInput):
    """One control for many files."""

    allow_multiple_selected = True


class Files(forms.FileField):
    """Some files, checked together: a list of them."""

    widget = Several

    def clean(self, data: Any, initial: Any = None) -> Any:
        given: Sequence[UploadedFile] = [file for file in data or () if file]
        if not given:
            raise ValidationError(self.error_messages["required"], code="required")
        try:
            return list(given), uploads.check(given)
        except uploads.Refused as error:
            raise ValidationError(str(error)) from error


class ImportForm(forms.Form):
    """`sent` becomes (files, format); options() is what the run's row keeps."""

    sent = Files(
        label=gettext_lazy("Files"),
        help_text=gettext_lazy(
            "CSV files as Shopify or Magento export them, or a ZIP with such files and their photos."
            " Up to 150 MB. Nothing is shown to anybody, and the files are deleted after a week."
        ),
    )
    source = forms.ChoiceField(
        label=gettext_lazy("Format"),
        choices=[("", gettext_lazy("Recognise it by its columns")), *formats.NAMES.items()],
        required=False,
    )
    currency = forms.ChoiceField(label=gettext_lazy("Currency of the prices"))
    includes_tax = forms.ChoiceField(
        label=gettext_lazy("The prices"),
        choices=[("yes", gettext_lazy("include the tax")), ("no", gettext_lazy("are without tax"))],
    )
    tax_class = forms.ModelChoiceField(
        TaxClass.objects.all(),
        label=gettext_lazy("Tax class"),
        help_text=gettext_lazy("Of goods of which the file says none."),
    )
    publish = forms.ChoiceField(
        label=gettext_lazy("Published are"),
        choices=[
            ("", gettext_lazy("those that the file publishes")),
            ("yes", gettext_lazy("all of them")),
            ("no", gettext_lazy("none of them: I look at them first")),
        ],
        required=False,
    )
    category = forms.ModelChoiceField(
        Category.objects.all(),
        label=gettext_lazy("Also listed in"),
        required=False,
        help_text=gettext_lazy("Beside the categories that the file names."),
        widget=Known(Listing._meta.get_field("category"), admin.site),
    )
    recount = forms.BooleanField(
        label=gettext_lazy("Set the stock of goods that are known already to the file's, too"), required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        currencies = list(dict.fromkeys(market.currency for market in markets.all()))
        self.fields["currency"].choices = [(code, code) for code in currencies]  # type: ignore[attr-defined]
        self.fields["currency"].initial = markets.default().currency
        self.fields["tax_class"].initial = usual_tax_class()
        if not TaxClass.objects.exists():
            self.fields["tax_class"].required = False
            self.fields["tax_class"].empty_label = _("Standard (a new one)")  # type: ignore[attr-defined]
        control = self.fields["sent"].widget
        control.attrs.update(
            {
                "accept": ".csv,.zip,text/csv,application/zip",
                "data-most": uploads.MAX_UPLOAD,
                "data-too-much": _("This is more than %d MB: send it in several parts.")
                % (uploads.MAX_UPLOAD // uploads.MB),
            }
        )
        for field in self.fields.values():
            reword(field)

    def clean(self) -> dict[str, Any]:
        """What was chosen must be what the files look like."""
        data: dict[str, Any] = super().clean() or {}
        if "sent" in data:
            found = data["sent"][1]
            if (data.get("source") or found) != found:
                text = _("By its columns this is %s's: choose that, or let it be recognised.")
                self.add_error("source", text % formats.NAMES[found])
        return data

    def options(self) -> dict[str, Any]:
        """What the run keeps, as JSON can hold it."""
        data = self.cleaned_data
        return {
            "currency": data["currency"],
            "includes_tax": data["includes_tax"] == "yes",
            "tax_class": (data["tax_class"] or first_tax_class()).pk,
            "category": data["category"].pk if data["category"] else None,
            "publish": SAID[data["publish"]],
            "recount": data["recount"],
            "was_recognised": not data["source"],
        }

    def arranged(self) -> AdminForm:
        """The form as the desk's templates show it."""
        return AdminForm(self, FIELDSETS, {})  # type: ignore[arg-type]
