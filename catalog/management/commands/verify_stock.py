"""verify_stock: whether the movements of each variant come to what its counters say."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from catalog import stock
from catalog.models import Variant

SHOWN = 20  # variants that are named; the others are counted


class Command(BaseCommand):
    """Exit status 1: the books were wrong somewhere, and are still."""

    help = "Compares every variant's stock with the sum of its movements."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--write-down", action="store_true", help="write the movements that are missing; the stock stays"
        )

    def handle(self, *args: Any, write_down: bool, **options: Any) -> None:
        found = stock.write_down("verify_stock") if write_down else stock.differences()
        if not found:
            self.stdout.write(_("The movements of every variant come to its stock."))
            return
        skus = dict(Variant.objects.filter(pk__in=[row.variant_id for row in found]).values_list("pk", "sku"))
        for row in found[:SHOWN]:
            lying = _("%(here)d on hand, %(moved)d by its movements")
            promised = _("%(here)d reserved, %(moved)d by its movements")
            self.stdout.write(
                f"  {skus.get(row.variant_id) or row.variant_id}: "
                + lying % {"here": row.on_hand, "moved": row.moved_on_hand}
                + "; "
                + promised % {"here": row.reserved, "moved": row.moved_reserved}
            )
        count = {"count": len(found)}
        if write_down:
            self.stdout.write(_("%(count)d variants differed: the movements are written.") % count)
            return
        raise CommandError(
            _(
                "%(count)d variants differ: something has written stock past the shop. Count them and correct"
                " them on the desk, then run verify_stock --write-down."
            )
            % count
        )
