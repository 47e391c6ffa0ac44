"""Orders as CSV, from their list: for a spreadsheet, the bookkeeping, or whoever packs elsewhere."""

import csv
from collections.abc import Iterator
from io import StringIO

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from catalog.importing.report import plain
from orders import sheet
from orders.models import Order


class Exporting:
    """The part of the orders' desk that hands them over; a permission of its own: it is a list of people."""

    def has_export_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("orders.export_order")

    @admin.action(description=gettext_lazy("Export orders as CSV"), permissions=["export"])
    def export(self, request: HttpRequest, queryset: QuerySet[Order]) -> StreamingHttpResponse:
        """A row for each line (docs/orders.md); sent while it is read, however many there are."""
        answer = StreamingHttpResponse(written(queryset), content_type="text/csv; charset=utf-8")
        day = timezone.localdate().isoformat()
        answer["Content-Disposition"] = f'attachment; filename="orders-{day}.csv"'
        return answer


def written(orders: QuerySet[Order]) -> Iterator[str]:
    """Lines of CSV; what a spreadsheet would take for a formula begins with an apostrophe."""
    held = StringIO()
    writer = csv.DictWriter(held, sheet.COLUMNS)
    writer.writeheader()
    for row in sheet.rows(orders):
        writer.writerow({name: plain(cell) for name, cell in row.items()})
        yield held.getvalue()
        held.seek(0)
        held.truncate()
    yield held.getvalue()
