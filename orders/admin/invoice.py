"""Invoices on the desk: looked at and downloaded, never changed."""

import logging
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.models import Invoice
from orders.models.order import FIRST_NUMBER
from orders.papers import filing
from orders.papers.printing import NotRendered
from shop.desk.cells import amount, moment
from shop.desk.site import Section
from shop.desk.tables import Rows, Table, Unchangeable

logger = logging.getLogger(__name__)


def link(paper: Invoice) -> Any:
    """To its PDF."""
    url = reverse("admin:orders_invoice_pdf", args=[paper.pk])
    return format_html('<a href="{}">{}</a>', url, _("Download PDF"))


class InvoiceRows(Unchangeable, Rows):
    """An order's papers."""

    model = Invoice
    classes = ("collapse",)
    fields = ("label", "what", "sum", "when", "file_link")
    readonly_fields = fields
    ordering = ("id",)
    verbose_name_plural = gettext_lazy("invoices and credit notes")

    @admin.display(description=gettext_lazy("number"))
    def label(self, paper: Invoice) -> str:
        return paper.label

    @admin.display(description=gettext_lazy("kind"))
    def what(self, paper: Invoice) -> str:
        return capfirst(paper.get_kind_display())

    @admin.display(description=gettext_lazy("total"))
    def sum(self, paper: Invoice) -> Any:
        return amount(paper.amount)

    @admin.display(description=gettext_lazy("issued"))
    def when(self, paper: Invoice) -> Any:
        return moment(paper.issued_at)

    @admin.display(description=gettext_lazy("file"))
    def file_link(self, paper: Invoice) -> Any:
        return link(paper)


@admin.register(Invoice)
class InvoiceTable(Unchangeable, Table):
    """Every invoice and credit note, the newest first."""

    section = Section.ORDERS
    place = 2
    noun = (gettext_lazy("invoice"), gettext_lazy("invoices"))
    list_display = ("label", "what", "buyer", "sum", "when", "file_link")
    list_display_links = ("label",)
    list_filter = ("kind", "issued_at")
    search_fields = ("order__email", "order__name")
    search_help_text = gettext_lazy("Search by number (2027-000001), order (D10042), e-mail or name")
    ordering = ("-issued_at", "-id")
    list_select_related = ("order",)
    fields = ("label", "what", "sum", "when", "of_order", "corrected", "file_link")
    readonly_fields = fields

    def get_urls(self) -> list[URLPattern]:
        own = path("<int:pk>/pdf/", self.admin_site.admin_view(self.pdf), name="orders_invoice_pdf")
        return [own, *super().get_urls()]

    def pdf(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The file; made again if the storage lost it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = Invoice.objects.filter(pk=pk).first()
        if found is None:
            raise Http404
        try:
            return filing.download(found)
        except NotRendered as error:
            logger.exception("Invoice %s cannot be set.", found)
            text = _("The PDF of %(label)s cannot be made: %(reason)s")
            self.message_user(request, text % {"label": found, "reason": error}, messages.ERROR)
            return HttpResponseRedirect(reverse("admin:orders_invoice_change", args=[pk]))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """A number is that paper, an order's number its papers; anything else an e-mail or a name."""
        words = search_term.strip().upper()
        series, _hyphen, number = words.rpartition("-")
        if series and number.isascii() and number.isdigit() and len(number) < 10:
            return queryset.filter(series=series, number=int(number)), False
        digits = words.removeprefix("D")
        if digits != words and digits.isascii() and digits.isdigit() and len(digits) < 16:
            return queryset.filter(order=int(digits) - FIRST_NUMBER), False
        return super().get_search_results(request, queryset, search_term)

    @admin.display(description=gettext_lazy("number"))
    def label(self, paper: Invoice) -> str:
        return paper.label

    @admin.display(description=gettext_lazy("kind"), ordering="kind")
    def what(self, paper: Invoice) -> str:
        return capfirst(paper.get_kind_display())

    @admin.display(description=gettext_lazy("customer"))
    def buyer(self, paper: Invoice) -> Any:
        return format_html('{}<br><span class="soft">{}</span>', paper.order.name, paper.order.number)

    @admin.display(description=gettext_lazy("total"))
    def sum(self, paper: Invoice) -> Any:
        return amount(paper.amount)

    @admin.display(description=gettext_lazy("issued"), ordering="issued_at")
    def when(self, paper: Invoice) -> Any:
        return moment(paper.issued_at)

    @admin.display(description=gettext_lazy("order"))
    def of_order(self, paper: Invoice) -> Any:
        url = reverse("admin:orders_order_change", args=[paper.order_id])
        return format_html('<a href="{}">{}</a>', url, paper.order)

    @admin.display(description=gettext_lazy("corrects"))
    def corrected(self, paper: Invoice) -> Any:
        if paper.corrects is None:
            return "–"
        url = reverse("admin:orders_invoice_change", args=[paper.corrects_id])
        return format_html('<a href="{}">{}</a>', url, paper.corrects)

    @admin.display(description=gettext_lazy("file"))
    def file_link(self, paper: Invoice) -> Any:
        return link(paper)
