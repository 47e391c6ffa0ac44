"""expire_unpaid_orders: what was not paid in time is everybody's again, now."""

from typing import Any

from django.core.management.base import BaseCommand
from tqdm import tqdm

from orders import reservations


class Command(BaseCommand):
    """The relay does the same each minute, some of them at a time; this one does all, after a long halt."""

    help = "Lets orders expire that were not paid in time, and releases their stock."

    def handle(self, *args: Any, **options: Any) -> None:
        waiting = reservations.over().count()
        steps = tqdm(reservations.expire_all(), total=waiting, unit=" orders", disable=waiting < 100)
        expired = sum(steps)
        self.stdout.write(f"{expired} of {waiting} orders have expired.")
