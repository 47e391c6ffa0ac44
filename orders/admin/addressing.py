"""The address of an order is corrected, its e-mail too, as long as not all of it has left."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.forms import EmailLine
from accounts.postal import PostalForm
from orders import addresses, queries, states
from orders.admin.asking import Asking
from orders.models import Order
from shop.desk.cells import country


class CorrectionForm(PostalForm):
    """The parts of the address as its country writes them, and the e-mail; the country itself stays."""

    email = EmailLine(
        label=gettext_lazy("E-mail"), error_messages={"required": gettext_lazy("Please enter the e-mail.")}
    )

    def __init__(self, data: Any, *, order: Order) -> None:
        initial = {name: getattr(order, name) for name in addresses.PARTS}
        super().__init__(data, countries=[(order.country, country(order.country))], initial=initial)
        self.order = order
        land = self.fields["country"]
        land.widget = forms.HiddenInput()
        land.error_messages["invalid_choice"] = land.error_messages["required"] = _(
            "The country stays: tax and delivery hang on it. Cancel the order and have it placed anew."
        )
        for name, field in self.fields.items():
            field.widget.attrs.pop("autofocus", None)
            field.widget.attrs["autocomplete"] = "off"  # the browser's owner does not live there
            if name in {"name", "company", "line1", "line2", "email"}:
                field.widget.attrs["class"] = "vTextField"

    def rows(self) -> list[forms.BoundField]:
        """What is asked, from top to bottom."""
        return [self[name] for name in self.fields if name != "country"]

    def clean(self) -> dict[str, Any]:
        said = super().clean()
        if "region" in said and not addresses.is_taxed_alike(self.order, said["region"]):
            self.add_error(
                "region", _("The tax is another one there: cancel the order and have it placed anew.")
            )
        return said


class Addressing(Asking):
    """The part of the orders' desk that corrects an address; for who ships."""

    def get_urls(self) -> list[URLPattern]:
        ask = self.admin_site.admin_view(self.address_view)
        return [path("<int:pk>/address/", ask, name="orders_order_address"), *super().get_urls()]

    def address_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Where it really goes."""
        order = self.asked(request, pk, "ship_order")
        if order.status not in addresses.TO_CORRECT:
            return self.stays(request, order)
        form = CorrectionForm(request.POST if request.method == "POST" else None, order=order)
        if form.is_valid():
            said = {name: text for name, text in form.cleaned_data.items() if name in addresses.PARTS}
            try:
                changed = addresses.correct(order, said, actor_id=request.user.pk)
            except states.WrongMove as error:
                return self.stays(request, error.order)
            except addresses.TaxedElsewhere:  # somebody has changed the rates, or the address, meanwhile
                return self.done_already(request, order)
            return self.done(request, order, _("Address corrected") if changed else _("Address as it was"))
        title = _("Correct the address of %s") % order.number
        has_invoice = order.invoices.exists()
        land = country(order.country)
        return self.ask(request, order, "address", title, form=form, country=land, has_invoice=has_invoice)


def address_of(order: Order, *, may_correct: bool) -> Any:
    """As its country writes it; with a link to who may correct it, while that is of use."""
    lines = [*queries.address_lines(order, order.vat_number), order.phone]
    shown = format_html('<span class="lines">{}</span>', "\n".join(line for line in lines if line))
    return _with_link(shown, order, _("Correct the address")) if may_correct else shown


def email_of(order: Order, shown: Any, *, may_correct: bool) -> Any:
    """What is shown of it, with the same link, to where the e-mail is."""
    return _with_link(shown, order, _("Correct the e-mail"), "#id_email") if may_correct else shown


def _with_link(shown: Any, order: Order, text: str, part: str = "") -> Any:
    if order.status not in addresses.TO_CORRECT:
        return shown
    url = reverse("admin:orders_order_address", args=[order.pk])
    return format_html('{}<br><a href="{}{}">{}</a>', shown, url, part, text)
