"""Forms about orders."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import EmailLine, Line
from orders import gateways
from shop.money import Money


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

    confirmation = forms.RegexField(  # what the gateway's own fields gave for the card; no card is sent here
        r"\A[A-Za-z0-9_]{0,200}\Z", required=False, widget=forms.HiddenInput
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.ways = gateways.get().choices()
        known = [(way.value, way.label) for way in self.ways]
        fields = gateways.get().embedded(Money.zero("EUR"))
        if fields is not None:
            known.append((fields.choice, fields.choice))
        self.fields["payment"].choices = known  # type: ignore[attr-defined]
