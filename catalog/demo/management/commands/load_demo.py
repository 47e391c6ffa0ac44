"""load_demo: the print and paper shop, once; a second run finds it there."""

import sys
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from tqdm import tqdm

from catalog.demo import load, pictures
from shop.changes import projector

EMAIL, PASSWORD = "merchant@deckle.test", "paper-and-ink"


class Command(BaseCommand):
    """Loads the demo catalogue and draws what the first pages show; other pictures are the worker's."""

    help = "Loads the demo shop: goods, pages, delivery, a merchant. Does nothing where it is loaded."

    def add_arguments(self, parser: CommandParser) -> None:
        """--all-pictures"""
        parser.add_argument(
            "--all-pictures",
            action="store_true",
            help="draw all pictures small before it ends, not only those of the first pages",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints what it does."""
        if load.is_loaded():
            self.stdout.write("The demo shop is loaded.")
        else:
            with transaction.atomic():
                count = load.load()
                self._merchant()
                pictures.leave_to_worker()
            self.stdout.write(f"{count} products are loaded.")
        projector.drain()
        every = pictures.undrawn().values_list("pk", flat=True)
        first = list(every) if options["all_pictures"] else pictures.first_pages()
        bar = tqdm(
            pictures.draw_first(first),
            "Pictures" if options["all_pictures"] else "Pictures of the first pages",
            len(first),
            file=sys.stderr,
            leave=False,
        )
        for _ in bar:
            pass
        projector.drain()
        if waiting := pictures.unfinished():
            self.stdout.write(
                f"The worker draws {waiting} more while the shop is open; pages show what there is."
            )

    def _merchant(self) -> None:
        """Someone who may do what a merchant does, and nothing else."""
        users = get_user_model().objects
        if users.filter(email=EMAIL).exists():
            return
        user = users.create_user(EMAIL, PASSWORD, name="Mara Merchant", is_staff=True)
        user.groups.set(Group.objects.filter(name="Merchant"))
