"""Forms about orders."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import EmailLine, Line
from orders import gateways


class TrackForm(forms.Form):
    """Number and address; the answer is the same whether they belong together or not."""

    number = Line(
        label=_("Order number"),
        max_length=20,
        help_text=_("It stands in the confirmation mail, such as D10042."),
        error_messages={"required": _("Please enter the number of your order.")},
    )
    email = EmailLine(
        label=_("E-mail"), error_messages={"required": _("Please enter the address you ordered with.")}
    )


class PaymentForm(forms.Form):
    """How to pay: one of the gateway's ways."""

    payment = forms.ChoiceField(
        label=_("Payment"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Please choose how to pay."),
            "invalid_choice": _("Please choose one of the ways to pay."),
        },
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.ways = gateways.get().choices()
        self.fields["payment"].choices = [(way.value, way.label) for way in self.ways]  # type: ignore[attr-defined]
