"""Who issues the invoices, on the desk; and what is said where a market sells and its invoices lack them."""

from datetime import timedelta
from typing import Any, NamedTuple

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from catalog.models import Card
from orders import invoices, sellers
from orders.models import Seller
from shop import markets
from shop.desk import dashboard
from shop.desk.cells import grouped
from shop.desk.filters import market_name
from shop.desk.rows import RowForm
from shop.desk.site import Section
from shop.desk.tables import Table
from shop.markets import Market
from shop.outbox import outbox


class Untold(NamedTuple):
    """A market that sells while an invoice cannot name its seller; where that is mended."""

    text: str
    url: str


def untold() -> list[Untold]:
    """Each of them. Its invoices wait: nobody could change one that names nobody. Its payments do not."""
    found = sellers.of_markets(market.code for market in markets.all())
    return [
        Untold(_text(market, found[market.code]), _url(found[market.code]))
        for market in markets.all()
        if sellers.lacking(found[market.code]) and Card.objects.filter(market=market.code).exists()
    ]


def _text(market: Market, seller: Seller) -> str:
    labels = {field.name: str(field.verbose_name) for field in Seller._meta.fields}
    names = [labels[name] for name in sellers.lacking(seller)]
    what = _("%(market)s sells, and its invoices wait until the seller’s %(parts)s can be named.") % {
        "market": market.name,
        "parts": get_text_list(names, _("and")),
    }
    count = dashboard.counted(invoices.waiting().filter(market=market.code))
    if not count:
        return what
    text = ngettext(
        "%(count)s order is paid and has none yet.",
        "%(count)s orders are paid and have none yet.",
        count,
    )
    return f"{what} {text % {'count': grouped(count)}}"


def _url(seller: Seller) -> str:
    """The form that mends it; of nobody yet, an empty one."""
    if seller.pk:
        return reverse("admin:orders_seller_change", args=[seller.pk])
    return reverse("admin:orders_seller_add")


@dashboard.panel(1)
def lacks(request: HttpRequest) -> SafeString | None:
    """On the first page, for who may mend it."""
    if not request.user.has_perm("orders.change_seller"):
        return None
    rows = untold()
    return render_to_string("admin/orders/seller/untold.html", {"rows": rows}) if rows else None


class SellerForm(RowForm):
    """A seller, of one market or of every other."""

    class Meta:
        model = Seller
        fields = "__all__"
        widgets = {"market": forms.Select}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "market" in self.fields:
            choices = [("", _("every market")), *((market.code, market.name) for market in markets.all())]
            self.fields["market"].widget.choices = choices


@admin.register(Seller)
class SellerTable(Table):
    """Who issues the invoices. What is changed here stands on those that come; the ones there are stay."""

    section = Section.SETUP
    place = 5
    form = SellerForm
    list_display = ("name", "where", "city", "vat_number")
    search_fields = ("name",)
    fieldsets = (
        (None, {"fields": (("name", "market"), ("line1", "line2"), ("postcode", "city"), "country")}),
        (
            gettext_lazy("Tax and register"),
            {"fields": (("vat_number", "tax_number"), ("register", "managers"))},
        ),
        (gettext_lazy("How to reach it"), {"fields": (("email", "phone"), "website")}),
        (gettext_lazy("Bank"), {"fields": ("bank", ("iban", "bic"))}),
        (gettext_lazy("Its invoices"), {"fields": ("prefix", "closing")}),
    )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self._warn(request)
        return super().changelist_view(request, extra_context)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        self._warn(request)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def save_model(self, request: HttpRequest, obj: Seller, form: Any, change: bool) -> None:
        """What waited for it is issued; once more later, for who was paid meanwhile and saw no seller yet."""
        super().save_model(request, obj, form, change)
        outbox.enqueue("orders.issue_waiting")
        outbox.enqueue("orders.issue_waiting", due_in=timedelta(minutes=2))

    def _warn(self, request: HttpRequest) -> None:
        """What the dashboard says of sellers stands here too; not while a form is sent, which may mend it."""
        if request.method == "GET" and self.has_view_permission(request):
            for line in untold():
                messages.warning(request, line.text)

    @admin.display(description=gettext_lazy("market"), ordering="market")
    def where(self, seller: Seller) -> str:
        return market_name(seller.market) if seller.market else _("every market")
