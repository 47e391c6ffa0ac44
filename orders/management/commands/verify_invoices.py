"""verify_invoices: whether the invoices are whole, after a crash or before an audit."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from orders import audit, credits, invoices
from orders.models import Invoice
from orders.papers import filing


class Command(BaseCommand):
    """Looks at every number, sum and file. Its exit status is 1 if anything is wrong."""

    help = "Check that invoices are numbered without gaps, add up and are all there; say what to do if not."

    def add_arguments(self, parser: CommandParser) -> None:
        """--issue, --render, --skip-files"""
        parser.add_argument("--issue", action="store_true", help="first issue what paid orders lack")
        parser.add_argument("--render", action="store_true", help="first make files that are lost or damaged")
        parser.add_argument("--skip-files", action="store_true", help="do not read the files")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints what is wrong, one fault and its remedy in two lines."""
        if options["issue"]:
            for order in invoices.waiting():
                if credits.issue_waiting(order.pk):
                    paper = order.invoices.get(kind=Invoice.Kind.INVOICE)
                    self.stdout.write(f"Order {order}: invoice {paper} is issued.")
        if options["render"]:
            for invoice in audit.unfiled():
                filing.pdf(invoice)
                self.stdout.write(f"{invoice}: its file is made.")
        faults = 0
        for fault in audit.found(has_files=not options["skip_files"]):
            faults += 1
            self.stdout.write(f"{fault.text}\n  {fault.remedy}")
        if faults:
            self.stdout.write(f"{faults} faults.")
            sys.exit(1)
        count = Invoice.objects.count()
        self.stdout.write(f"{count} invoices and credit notes: all numbers, sums and files are right.")
