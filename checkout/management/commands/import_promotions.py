"""import_promotions: another shop's rules of the cart and of the catalogue become promotions of this one."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, InterfaceError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from tqdm import tqdm

from catalog.importing.report import Report
from catalog.importing.table import Unreadable
from checkout.importing.load import Loading, load
from checkout.importing.magento import read
from shop import markets


class Command(BaseCommand):
    """Reads the files, then loads them; a rule that cannot be meant here is told with its line and reason."""

    help = (
        "Imports Magento's sales_rules.csv and catalog_rules.csv; a second run writes only what has changed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "paths", nargs="+", type=Path, metavar="PATH", help="CSV file, or a folder of them"
        )
        parser.add_argument("--currency", help="currency of the amounts (default: the default market's)")
        parser.add_argument("--dry-run", action="store_true", help="do everything, keep nothing")
        parser.add_argument("--errors", type=Path, metavar="CSV", help="write every error and warning here")

    def handle(self, *args: Any, **options: Any) -> None:
        loading = Loading(self._currency(options["currency"]), keep=not options["dry_run"])
        try:
            rules = read(options["paths"])
        except Unreadable as error:
            raise CommandError(str(error)) from error
        for file, counts in rules.reading.counts.items():
            text = ngettext("%(file)s: %(count)d rule", "%(file)s: %(count)d rules", counts["rules"])
            self.stdout.write(text % {"file": file, "count": counts["rules"]})
        is_shown = sys.stderr.isatty() and options["verbosity"] > 0
        report = Report(problems=rules.reading.problems)
        try:
            with tqdm(total=len(rules.records), unit="rule", disable=not is_shown) as bar:
                for done in load(rules.records, loading, rules.reading):
                    bar.update(done)
            if options["errors"]:
                report.write(options["errors"])
        except (OSError, DatabaseError, InterfaceError) as error:
            reason = str(error).partition("\n")[0]
            raise CommandError(_("It was not finished, run it again: %s") % reason) from error
        self._tell(report, loading)

    def _currency(self, said: str | None) -> str:
        currency = (said or markets.default().currency).upper()
        sold_in = sorted({market.currency for market in markets.all()})
        if currency not in sold_in:
            text = _("No market sells in %(currency)s: choose of %(known)s.")
            raise CommandError(text % {"currency": currency, "known": ", ".join(sold_in)})
        note = "" if said else " " + _("(assumed; --currency says otherwise)")
        self.stdout.write(_("Currency: %s") % currency + note)
        return currency

    def _tell(self, report: Report, loading: Loading) -> None:
        for problem in (*report.errors, *report.warnings):
            self.stderr.write(str(problem))
        counts = {name: loading.outcomes[name] for name in ("created", "updated", "unchanged")}
        text = _("%(created)d created, %(updated)d changed, %(unchanged)d unchanged, %(skipped)d left out.")
        kept = "" if loading.keep else " " + _("Nothing was kept: this was a dry run.")
        self.stdout.write(text % {**counts, "skipped": len(report.errors)} + kept)
        if report.errors:
            raise CommandError(ngettext("%d error.", "%d errors.", len(report.errors)) % len(report.errors))
