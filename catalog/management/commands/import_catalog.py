"""import_catalog: other shops' product files become goods of this one."""

import sys
from argparse import ArgumentParser, BooleanOptionalAction
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from tqdm import tqdm

from catalog.importing import shopify
from catalog.importing.load import Plan, load
from catalog.importing.records import Place, ProductRecord, Reading
from catalog.importing.report import Report
from catalog.importing.table import Unreadable
from catalog.importing.vocabulary import add_category, find_category, slug_for
from catalog.models import Category, TaxClass
from shop import markets
from shop.changes import projector

READERS = {"shopify": shopify.read}
SHOWN = 40  # problems on the screen; --errors has them all


class Command(BaseCommand):
    """Reads every file, then loads them; what cannot be used is named by file, line and reason."""

    help = "Imports products from another shop's CSV files; a second run writes only what has changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("format", choices=sorted(READERS))
        parser.add_argument(
            "paths", nargs="+", type=Path, metavar="PATH", help="CSV file, or a folder of them"
        )
        parser.add_argument("--currency", help="currency of the prices (default: that of the default market)")
        parser.add_argument(
            "--prices-include-tax",
            action=BooleanOptionalAction,
            default=None,
            help="whether the prices contain the tax (default: they do)",
        )
        parser.add_argument("--tax-class", help="code of the goods' tax class (default: standard)")
        parser.add_argument("--category", help="slug or name of a category to list everything in")
        parser.add_argument(
            "--publish",
            action=BooleanOptionalAction,
            default=None,
            help="publish everything, or nothing (default: as the file says)",
        )
        parser.add_argument(
            "--recount", action="store_true", help="set the stock of known variants to the file's, too"
        )
        parser.add_argument("--dry-run", action="store_true", help="do everything, keep nothing")
        parser.add_argument("--errors", type=Path, metavar="CSV", help="write every error and warning here")

    def handle(self, *args: Any, **options: Any) -> None:
        report = Report()
        records = self._read(READERS[options["format"]], options["paths"], report)
        if options["dry_run"]:
            with transaction.atomic():
                self._load(records, options, report)
                transaction.set_rollback(True)
        else:
            self._load(records, options, report)
            projector.ring()
        self._tell(report, options)
        if report.errors:
            count = len(report.errors)
            raise CommandError(ngettext("%d error.", "%d errors.", count) % count)

    def _read(
        self, read: Callable[[Path], Reading], paths: list[Path], report: Report
    ) -> list[ProductRecord]:
        """The products of all files; of two with one identity the first counts."""
        found: dict[str, ProductRecord] = {}
        for path in _files(paths):
            try:
                reading = read(path)
            except Unreadable as error:
                report.note("error", Place(path.name, 1), "", str(error))
                continue
            report.problems += reading.problems
            for record in reading.products:
                first = found.setdefault(record.external_id, record)
                if first is not record:
                    reason = _("This handle was already read at %s.") % first.place
                    report.note("error", record.place, record.handle, reason)
            counts = {
                "file": path.name,
                "products": len(reading.products),
                "variants": sum(len(record.variants) for record in reading.products),
            }
            self.stdout.write(_("%(file)s: %(products)d products, %(variants)d variants") % counts)
        return list(found.values())

    def _load(self, records: list[ProductRecord], options: dict[str, Any], report: Report) -> None:
        plan = self._plan(options)
        done = load(records, plan, report)
        is_shown = sys.stderr.isatty() and options["verbosity"] > 0
        for _record in tqdm(done, total=len(records), unit="product", disable=not is_shown):
            pass

    def _plan(self, options: dict[str, Any]) -> Plan:
        """What the file does not say, each assumption printed."""
        assumed = _("assumed; %s says otherwise")
        currency, includes_tax = options["currency"], options["prices_include_tax"]
        sold_in = {market.currency for market in markets.all()}
        note = "" if currency else f" ({assumed % '--currency'})"
        currency = (currency or markets.default().currency).upper()
        if currency not in sold_in:
            known = ", ".join(sorted(sold_in))
            raise CommandError(
                _("No market sells in %(currency)s: choose of %(known)s.")
                % {"currency": currency, "known": known}
            )
        self.stdout.write(_("Currency: %s") % currency + note)
        note = "" if includes_tax is not None else f" ({assumed % '--no-prices-include-tax'})"
        includes_tax = includes_tax is not False
        self.stdout.write(_("Prices include tax: %s") % (_("yes") if includes_tax else _("no")) + note)
        tax_class = self._tax_class(options["tax_class"])
        note = "" if options["tax_class"] else f" ({assumed % '--tax-class'})"
        self.stdout.write(_("Tax class: %s") % tax_class + note)
        return Plan(
            currency=currency,
            includes_tax=includes_tax,
            tax_class=tax_class,
            category=_category(options["category"]),
            publish=options["publish"],
            recount=options["recount"],
        )

    def _tax_class(self, code: str | None) -> TaxClass:
        found = TaxClass.objects.filter(code=code or "standard").first()
        if found is None and code is None and TaxClass.objects.count() == 1:
            found = TaxClass.objects.get()
        if found is None:
            known = ", ".join(TaxClass.objects.values_list("code", flat=True)) or _("none yet")
            raise CommandError(_("Which tax class? Say --tax-class with one of: %s.") % known)
        return found

    def _tell(self, report: Report, options: dict[str, Any]) -> None:
        for problem in report.errors[:SHOWN]:
            self.stderr.write(str(problem))
        others = [p for p in report.warnings if not p.is_picture]
        for problem in others[:SHOWN]:
            self.stderr.write(str(problem))
        unshown = len(report.errors[SHOWN:]) + len(others[SHOWN:])
        if unshown:
            self.stderr.write(_("… and %d more: --errors FILE lists them all.") % unshown)
        pictures = len(report.warnings) - len(others)
        if pictures:
            self.stderr.write(
                ngettext(
                    "warning: %d picture lies elsewhere on the web and was not fetched.",
                    "warning: %d pictures lie elsewhere on the web and were not fetched.",
                    pictures,
                )
                % pictures
            )
        if options["errors"]:
            report.write(options["errors"])
        counts = {name: report.outcomes[name] for name in ("created", "updated", "unchanged", "skipped")}
        summary = _(
            "%(created)d created, %(updated)d changed, %(unchanged)d unchanged, %(skipped)d left out."
        )
        kept = _(" Nothing was kept: this was a dry run.") if options["dry_run"] else ""
        self.stdout.write(summary % counts + kept)


def _files(paths: list[Path]) -> list[Path]:
    """The files, a folder standing for the CSV files in it."""
    found: list[Path] = []
    for path in paths:
        inside = sorted(path.glob("*.csv")) if path.is_dir() else [path]
        if not inside:
            raise CommandError(_("There is no CSV file in %s.") % path)
        if not inside[0].is_file():
            raise CommandError(_("There is no file %s.") % path)
        found += [file for file in inside if file not in found]
    return found


def _category(name: str | None) -> Category | None:
    """The category of that slug or name; made at the top of the tree if there is none."""
    if not name:
        return None
    slug = slug_for(name, "category", 140)
    return find_category(slug) or add_category(name, slug, None)
