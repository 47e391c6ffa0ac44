"""generate_catalog: many more goods of the demo's kind, to see how the shop carries them."""

import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from catalog.demo import pictures, volume
from catalog.models import Product
from shop.changes import projector


class Command(BaseCommand):
    """Adds products with all that belongs to them, cards included; pictures are shared."""

    help = "Adds generated products to the demo shop, whose pictures they share: N, or until there are N."

    def add_arguments(self, parser: CommandParser) -> None:
        number = parser.add_mutually_exclusive_group(required=True)
        number.add_argument("--products", type=int, metavar="N", help="how many to add")
        number.add_argument("--up-to", type=int, metavar="N", help="how many there are to be in the end")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints how many came, and how fast."""
        count = options["products"]
        if options["up_to"] is not None:
            count = options["up_to"] - Product.objects.count()
            if count < 1:
                self.stdout.write("There are as many products already.")
                return
        if count < 1:
            raise CommandError("--products must be 1 or more.")
        if bare := pictures.undrawn().filter(product__isnull=False).count():
            self.stderr.write(
                f"{bare} pictures of the demo are not drawn yet, and will be missing here as well:"
                " `manage.py load_demo --all-pictures` draws them."
            )
        began, made = time.monotonic(), 0
        with tqdm(total=count, unit=" products", file=sys.stderr) as bar:
            try:
                for number in volume.generate(count):
                    made += number
                    bar.update(number)
            except volume.NoGoods as error:
                raise CommandError(
                    "The demo's goods are not loaded: run `manage.py load_demo` first."
                ) from error
        seconds = time.monotonic() - began
        projector.ring()
        self.stdout.write(f"{made} products in {seconds:.1f} s: {made / seconds:.0f} a second.")
