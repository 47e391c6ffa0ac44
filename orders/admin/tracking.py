"""A parcel's tracking code, as the desk takes it: the code, and no page's address."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orders import carriers
from orders.models import Shipment
from shop.desk.rows import RowForm


class TrackingCode(forms.CharField):
    """What a carrier calls a parcel; told what is wrong with anything else."""

    def clean(self, value: Any) -> str:
        return checked(super().clean(value))


class ParcelForm(RowForm):
    """A parcel on its order's page; a code that was there before stays as it is until somebody changes it."""

    class Meta:
        model = Shipment
        fields = ("carrier", "tracking_code")

    def clean_tracking_code(self) -> str:
        code: str = self.cleaned_data["tracking_code"]
        return checked(code) if "tracking_code" in self.changed_data else code


def checked(given: str) -> str:
    """The code, tidied; ValidationError says what it should be."""
    code = carriers.tidied(given)
    if carriers.is_address(code):
        raise forms.ValidationError(_("Give the code alone, not the address of a page."))
    if len(code) > carriers.LONGEST_CODE:
        text = ngettext(
            "A tracking code has %(most)d character at most.",
            "A tracking code has %(most)d characters at most.",
            carriers.LONGEST_CODE,
        )
        raise forms.ValidationError(text % {"most": carriers.LONGEST_CODE})
    if not carriers.is_code(code):
        raise forms.ValidationError(_("A tracking code has letters, digits, spaces and hyphens only."))
    return code
