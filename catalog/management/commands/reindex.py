"""reindex: the search engine's documents anew, while the old ones are still asked."""

import sys
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from tqdm import tqdm

from catalog.search import client, rebuilding
from catalog.search.client import Away


class Command(BaseCommand):
    """Until it has run for a release that needs another index, the database answers searches."""

    help = (
        "Builds a new version of the search engine's index beside the one that is asked, and swaps them when"
        " it is whole. Searches and edits go on meanwhile; run it again if it was interrupted."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if not client.is_configured():
            raise CommandError(_("No search engine is configured: set ELASTICSEARCH_URL."))
        try:
            with tqdm(
                total=rebuilding.size(), unit=_("products"), disable=not sys.stderr.isatty(), leave=False
            ) as bar:
                done = rebuilding.reindex(bar.update)
        except Away as error:
            raise CommandError(
                _(
                    "The search engine does not answer, or takes nothing: %s. What it had is still there;"
                    " run this again when that is mended."
                )
                % error
            ) from error
        except rebuilding.Busy as error:
            raise CommandError(_("Another reindex is running: wait for it.")) from error
        except rebuilding.Differs as error:
            self._tell(error.refused)
            raise CommandError(
                _(
                    "The new index (%(language)s) has %(documents)d documents for %(products)d products: it"
                    " is not used, what was there still is. Run this again; if it happens once more, look"
                    " into the engine's log."
                )
                % {
                    "language": error.language,
                    "documents": error.documents,
                    "products": error.products,
                }
            ) from error
        self._tell(done.refused)
        rate = sum(done.documents.values()) / done.seconds
        for language, number in done.documents.items():
            self.stdout.write(
                _("%(language)s: %(number)d documents") % {"language": language, "number": number}
            )
        self.stdout.write(
            _("%(seconds).1f s, %(rate)d documents a second.") % {"seconds": done.seconds, "rate": rate}
        )

    def _tell(self, refused: Sequence[str]) -> None:
        for why in refused[: rebuilding.TOLD]:
            self.stderr.write(_("Refused: %s") % why)
