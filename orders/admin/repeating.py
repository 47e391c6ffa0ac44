"""A mail that somebody did not get, or has lost, is sent again from the order's page."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders import mailing
from orders.admin.asking import Asking
from orders.models import Order

NAMES = {
    "confirmation": gettext_lazy("order confirmation"),
    "invoice": gettext_lazy("invoice"),
    "shipped": gettext_lazy("shipping mail"),
}


def name_of(mail: str) -> str:
    """What people call it: "shipped:2" is the shipping mail of parcel 2."""
    what, _colon, number = mail.partition(":")
    name = str(NAMES.get(what, mail))
    return _("%(mail)s, parcel %(number)s") % {"mail": name, "number": number} if number else name


class AgainForm(forms.Form):
    """Which one."""

    mail = forms.ChoiceField(
        label=gettext_lazy("Mail"),
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Choose a mail."),
            "invalid_choice": gettext_lazy("Choose one of these mails."),
        },
    )

    def __init__(self, data: Any, *, mails: list[str]) -> None:
        super().__init__(data)
        names = [(mail, name_of(mail)) for mail in mails]
        self.fields["mail"].choices = [(mail, name[:1].upper() + name[1:]) for mail, name in names]  # type: ignore[attr-defined]
        if len(mails) == 1:
            self.fields["mail"].initial = mails[0]


class Repeating(Asking):
    """The part of the orders' desk that sends mails again; who may write on an order may do so."""

    def get_urls(self) -> list[URLPattern]:
        ask = self.admin_site.admin_view(self.again_view)
        return [path("<int:pk>/mail/", ask, name="orders_order_again"), *super().get_urls()]

    def again_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Which mail; a job sends it."""
        order = self.asked(request, pk, "change_order")
        mails = mailing.repeatable(order)
        if not mails:
            text = _("%s: no mail has been sent that could be sent again.") % order.number
            return self.refused(request, order, text)
        form = AgainForm(request.POST if request.method == "POST" else None, mails=mails)
        if not form.is_valid():
            return self.ask(request, order, "again", _("Send a mail of %s again") % order.number, form=form)
        mail = form.cleaned_data["mail"]
        try:
            mailing.again(order, mail, actor_id=request.user.pk)
        except mailing.TooSoon:
            text = _("That mail was sent again less than a minute ago: once is enough.")
            return self.refused(request, order, text)
        except ValueError:  # it has been cancelled meanwhile
            return self.stays(request, order)
        return self.done(request, order, _("Mail sent again"))


def mailbox(order: Order, *, may_write: bool) -> Any:
    """The order's address; with a link to who may send a mail again, while there is one."""
    if not may_write or not mailing.repeatable(order):
        return order.email
    url = reverse("admin:orders_order_again", args=[order.pk])
    return format_html('{}<br><a href="{}">{}</a>', order.email, url, _("Send a mail again"))
