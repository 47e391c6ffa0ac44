"""replay_feed: sends a receiver again what was given up, or everything since a moment."""

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from orders import feed
from orders.models import FeedDelivery, FeedEndpoint


class Command(BaseCommand):
    """The desk has buttons for the same."""

    help = "Send a feed again what was given up, or (--since) everything that has happened since a moment."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("feed", help="its name, or its number")
        parser.add_argument("--since", help="2026-11-30T08:00, in the shop's time zone if none is given")

    def handle(self, *args: Any, **options: Any) -> None:
        endpoint = self._named(options["feed"])
        if options["since"] is None:
            failed = FeedDelivery.objects.filter(endpoint=endpoint, status=FeedDelivery.Status.FAILED)
            count = feed.again(failed)
        else:
            try:
                since = datetime.fromisoformat(options["since"])
            except ValueError as error:
                raise CommandError(f"--since: {error}") from error
            count = feed.again_since(endpoint, since if since.tzinfo else timezone.make_aware(since))
        self.stdout.write(f"{count} to be sent to {endpoint.name}.")

    def _named(self, name: str) -> FeedEndpoint:
        found = FeedEndpoint.objects.filter(name=name)
        if not found and name.isascii() and name.isdigit():
            found = FeedEndpoint.objects.filter(pk=int(name))
        if len(found) != 1:
            known = ", ".join(f"{one.pk} {one.name}" for one in FeedEndpoint.objects.all()) or "none"
            raise CommandError(f"{len(found)} feeds are called {name!r}; there are: {known}")
        return found[0]
