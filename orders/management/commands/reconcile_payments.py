"""reconcile_payments: asks the payment provider what it knows, and settles what our rows do not say yet."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from orders import gateways, reconciliation


class Command(BaseCommand):
    """The relay does the same for the last hour; this one looks back as far as it is told."""

    help = "Compares open payments, and what the provider has begun of late, with the orders here."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=float, default=1.0, help="how far to look back (1)")

    def handle(self, *args: Any, **options: Any) -> None:
        waiting = reconciliation.open_payments().filter(reference__isnull=False).count()
        try:
            steps = tqdm(
                reconciliation.compare_open(), total=waiting, unit=" payments", disable=waiting < 100
            )
            moved = sum(steps) + sum(reconciliation.end_unwanted())
            since = timezone.now() - timedelta(days=options["days"])
            found = [reconciliation.compare_recent(code, since) for code in gateways.heard()]
        except gateways.GatewayDown as error:
            raise CommandError(f"The payment provider does not answer ({error}): try again later.") from error
        asked = reconciliation.send_waiting()
        self.stdout.write(
            f"{waiting} open payments compared, {sum(each.compared for each in found)} of the provider's;"
            f" {moved + sum(each.moved for each in found)} moved, {asked} refunds asked for again."
        )
        unknown = [one for each in found for one in each.unknown]
        for one in unknown:
            self.stdout.write(f"No order knows {one.reference}: {one.amount}, {one.status}.")
        if unknown:
            raise CommandError("There is money that no order knows: look it up at the provider.")
