"""Forms of the desk over an order's lines: how many leave, come back or are paid back, and more."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.admin.thumbnail import thumbnail
from orders import carriers
from orders.admin.tracking import TrackingCode
from orders.models import Order, OrderLine
from shop.desk.cells import number
from shop.desk.fixes import reword
from shop.money import Money


class PiecesForm(forms.Form):
    """A number for each line of which there is one to give; `most` says how many, by the line's id."""

    is_full = False  # whether it begins with all of them
    heading = gettext_lazy("Pieces")
    also: tuple[str, Any] | None = None  # a second number, of those: the field's prefix and its heading

    seen = forms.CharField(widget=forms.HiddenInput, required=False)  # what had happened when it was shown

    def __init__(
        self,
        data: Any,
        *,
        order: Order,
        most: Mapping[int, int],
        told: Mapping[int, str] | None = None,
        **kwargs: Any,
    ) -> None:
        """told: what is to be known of a line before its number is chosen."""
        super().__init__(data, **kwargs)
        self.order, self.told = order, told or {}
        self.lines: list[OrderLine] = [line for line in order.lines.all() if most.get(line.pk)]
        self.most = most
        first: dict[str, forms.Field] = {}
        for line in self.lines:
            first[f"line_{line.pk}"] = self._number(line, self.heading, most[line.pk])
            if self.also:
                first[f"{self.also[0]}_{line.pk}"] = self._number(line, self.also[1], most[line.pk])
        self.fields = first | self.fields
        for field in self.fields.values():
            reword(field)

    def _number(self, line: OrderLine, heading: Any, most: int) -> forms.IntegerField:
        return forms.IntegerField(
            label=f"{heading}: {line.name}",
            required=False,
            min_value=0,
            max_value=most,
            initial=most if self.is_full else 0,
            error_messages={"max_value": _("No more than %(limit_value)s.")},
            widget=forms.NumberInput(attrs={"aria-label": f"{heading}: {line.name}", "inputmode": "numeric"}),
        )

    def rows(self) -> Iterable[dict[str, Any]]:
        """Of the table."""
        for line in self.lines:
            yield {
                "thumbnail": thumbnail(line.picture),
                "name": line.name,
                "detail": " · ".join(filter(None, (line.options, line.sku))),
                "told": self.told.get(line.pk, ""),
                "most": number(self.most[line.pk]),
                "field": self[f"line_{line.pk}"],
                "also": self[f"{self.also[0]}_{line.pk}"] if self.also else None,
            }

    def others(self) -> list[forms.BoundField]:
        """What stands below the table."""
        below = (name for name in self.fields if "_" not in name or not name.rpartition("_")[2].isdigit())
        return [self[name] for name in below if name != "seen"]

    def pieces(self, prefix: str = "line") -> dict[int, int]:
        """What was chosen, of each line."""
        said = {line.pk: self.cleaned_data.get(f"{prefix}_{line.pk}") or 0 for line in self.lines}
        return {pk: count for pk, count in said.items() if count}


class ShipForm(PiecesForm):
    """What is in the parcel, and who brings it."""

    is_full = True
    heading = gettext_lazy("In this parcel")

    carrier = forms.CharField(label=gettext_lazy("Carrier"), max_length=80, required=False)
    tracking_code = TrackingCode(
        label=gettext_lazy("Tracking code"),
        required=False,
        help_text=gettext_lazy("It can be added later, too."),
    )
    is_told = forms.BooleanField(
        label=gettext_lazy("Tell the customer by mail"), required=False, initial=True
    )

    def __init__(self, data: Any, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["carrier"].help_text = _("With %(names)s the customer gets a link to follow it.") % {
            "names": get_text_list(list(carriers.NAMES), _("or"))
        }

    def clean(self) -> dict[str, Any]:
        if not self.errors and not self.pieces():
            raise forms.ValidationError(_("Put at least one piece into the parcel."))
        return self.cleaned_data


class MoneyForm(PiecesForm):
    """What money goes back for: goods, delivery, or an amount. brought: what is left of the delivery."""

    heading = gettext_lazy("Refund")

    delivery = forms.BooleanField(label=gettext_lazy("Delivery"), required=False)
    amount = forms.DecimalField(label=gettext_lazy("Amount"), max_digits=12, decimal_places=2, required=False)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("The customer reads it, in the mail and on the credit note."),
    )

    def __init__(self, data: Any, *, brought: Money, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        delivery, amount = self.fields["delivery"], self.fields["amount"]
        if brought:
            delivery.label = _("The delivery as well (%(sum)s)") % {"sum": brought}
        else:
            del self.fields["delivery"]
        amount.label = _("Another amount (%(currency)s)") % {"currency": self.order.currency}
        amount.help_text = self.of_amount()
        self.fields |= {"reason": self.fields.pop("reason")}

    def of_amount(self) -> str:
        return _("Instead of what those cost, or without any of them.")

    def clean_amount(self) -> Money | None:
        given: Decimal | None = self.cleaned_data["amount"]
        if given is None:
            return None
        money = Money(given, self.order.currency)
        if given <= 0:
            raise forms.ValidationError(_("Give more than nothing, or leave it empty."))
        if money != money.rounded():
            raise forms.ValidationError(
                _("%(currency)s has no smaller unit than %(least)s.")
                % {"currency": money.currency, "least": Money.from_minor(1, money.currency)}
            )
        return money

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if not self.errors and not (self.pieces() or said.get("delivery") or said.get("amount")):
            raise forms.ValidationError(_("Choose goods or the delivery, or give an amount."))
        return said


class ReturnForm(MoneyForm):
    """What came back, what of it is as good as new, and what money goes with it."""

    heading = gettext_lazy("Came back")
    also = ("shelf", gettext_lazy("To the shelf"))

    has_refund = forms.BooleanField(
        label=gettext_lazy("Send the money for them back"), required=False, initial=True
    )

    def __init__(self, data: Any, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        wanted = ("has_refund", "delivery", "amount", "reason")
        self.fields |= {name: self.fields.pop(name) for name in wanted if name in self.fields}

    def of_amount(self) -> str:
        return _("Less than they cost, for what is worn; empty: all of it.")

    def clean(self) -> dict[str, Any]:
        if self.errors:
            return self.cleaned_data
        back, shelf = self.pieces(), self.pieces("shelf")
        for pk, count in shelf.items():
            if count > back.get(pk, 0):
                self.add_error(f"shelf_{pk}", _("No more than came back."))
        if not back:
            raise forms.ValidationError(_("Say what came back."))
        return self.cleaned_data
