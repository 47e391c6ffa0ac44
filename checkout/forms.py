"""Forms of the cart and the checkout. Texts say what is wrong with this entry, not that something is."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import vat_numbers
from accounts.forms import EmailLine, Line
from accounts.postal import PostalForm
from catalog import taxes

QUANTITY = re.compile(r"[0-9]{1,3}", re.ASCII)
NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)


class Digits(forms.CharField):
    """A whole number in ASCII digits. int() would take "٣", "１" and "1_0" as well."""

    default_error_messages = {"digits": gettext_lazy("Please enter a whole number.")}

    def __init__(self, pattern: re.Pattern[str], **kwargs: Any) -> None:
        self.pattern = pattern
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        if not self.pattern.fullmatch(text):
            raise ValidationError(self.error_messages["digits"], code="digits")
        return int(text)


class QuantityField(Digits):
    """1 to 999, or from 0 where 0 removes."""

    default_error_messages = {
        "digits": gettext_lazy("Please enter a quantity from 1 to 999."),
        "required": gettext_lazy("Please enter a quantity."),
    }

    def __init__(self, *, least: int = 1, **kwargs: Any) -> None:
        self.least = least
        super().__init__(QUANTITY, **kwargs)

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value is not None and value < self.least:
            raise ValidationError(self.error_messages["digits"], code="digits")


class AddForm(forms.Form):
    """What a product page posts: the product with its options by code, or a variant alone."""

    product = Digits(NUMBER, required=False)
    variant = Digits(NUMBER, required=False)
    quantity = QuantityField()

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if not self.errors and data.get("product") is None and data.get("variant") is None:
            raise ValidationError(_("Please choose what to add."))
        return data


class AddressForm(PostalForm):
    """Who gets it, where, and who hears of it. The bill goes to the same address.

    keeps: whether it may go into the address book, which only an account has.
    """

    email = EmailLine(
        label=gettext_lazy("E-mail"),
        help_text=gettext_lazy("For the confirmation, and the link to your order."),
        error_messages={
            "required": gettext_lazy("Please enter your e-mail address: the confirmation goes there.")
        },
    )
    vat_number = Line(label=gettext_lazy("VAT number"), max_length=40, required=False)
    keep = forms.BooleanField(label=gettext_lazy("Keep this address for the next time"), required=False)

    field_order = ("email", *PostalForm.base_fields, "vat_number", "keep")

    def __init__(
        self,
        *args: Any,
        countries: list[tuple[str, str]],
        asks_email: bool = True,
        keeps: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, countries=countries, **kwargs)
        self.fields["vat_number"].help_text = self._use(self.land)
        for name, is_in in (
            ("email", asks_email),
            ("vat_number", vat_numbers.is_known(self.land)),
            ("keep", keeps),
        ):
            if not is_in:
                del self.fields[name]

    def layout(self, country: str) -> str:
        return f"{super().layout(country)} {self._use(country)}"

    def _use(self, country: str) -> str:
        """What becomes of a VAT number of that country."""
        if not vat_numbers.is_known(country):
            return ""
        told = {"example": vat_numbers.example(country)}
        if taxes.may_be_reversed(country):
            return _("Such as %(example)s. With it the price is without VAT, which you account for.") % told
        return _("Such as %(example)s. It is written on your invoice.") % told

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        number, country = data.get("vat_number"), data.get("country")
        if number and country:
            if not data.get("company") and not self.has_error("company"):
                self.add_error("company", _("Please enter the company that the VAT number belongs to."))
            try:
                data["vat_number"] = vat_numbers.written(number, country)
            except vat_numbers.Unfit as error:
                self.add_error("vat_number", self._mistake(error, country))
        return data

    def _mistake(self, error: vat_numbers.Unfit, country: str) -> str:
        words = {"country": self.countries[country]}
        if isinstance(error, vat_numbers.OfAnother):
            told = _(
                "This number begins with %(begun)s, and the address is in %(country)s: the VAT number must be"
                " of the country that it goes to."
            )
            return told % {**words, "begun": error.country}
        told = _("This is no VAT number of %(country)s: please check its digits.")
        return told % words


class VoucherForm(forms.Form):
    """A code, however it is written."""

    code = forms.CharField(
        label=gettext_lazy("Voucher code"),
        max_length=60,
        error_messages={
            "required": gettext_lazy("Please enter the code."),
            "max_length": gettext_lazy("No code is as long as that."),
        },
    )


class DeliveryForm(forms.Form):
    """One of the methods that go to the address."""

    method = forms.TypedChoiceField(
        label=gettext_lazy("Delivery"),
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Please choose how it should come."),
            "invalid_choice": gettext_lazy(
                "That way does not go to your address. Please choose another one."
            ),
        },
    )

    def __init__(self, *args: Any, methods: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["method"].choices = methods  # type: ignore[attr-defined]
