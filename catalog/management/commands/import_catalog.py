"""import_catalog: other shops' product files become goods of this one."""

import sys
from argparse import ArgumentParser, BooleanOptionalAction
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, InterfaceError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from tqdm import tqdm

from catalog import images
from catalog.importing.formats import READERS
from catalog.importing.load import load
from catalog.importing.plan import Plan, first_tax_class, usual_tax_class
from catalog.importing.records import Reading
from catalog.importing.report import Report, told, unpriced
from catalog.importing.table import Unreadable
from catalog.importing.tree import add_category, find_category
from catalog.importing.vocabulary import slug_for
from catalog.models import Category, TaxClass
from shop import markets

SHOWN = 40  # problems on the screen; --errors has them all


class Command(BaseCommand):
    """Reads every file, then loads them; what cannot be used is named by file, line and reason."""

    help = (
        "Imports products from another shop's CSV files, or from Icecat's JSON files;"
        " a second run writes only what has changed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("format", choices=sorted(READERS))
        parser.add_argument(
            "paths",
            nargs="+",
            type=Path,
            metavar="PATH",
            help="CSV file (icecat: JSON, zipped or not), or a folder of them",
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
        parser.add_argument(
            "--images", type=Path, metavar="DIR", help="where pictures lie (default: near PATH)"
        )
        parser.add_argument("--no-images", action="store_true", help="leave pictures as they are")
        parser.add_argument("--dry-run", action="store_true", help="do everything, keep nothing")
        parser.add_argument("--errors", type=Path, metavar="CSV", help="write every error and warning here")

    def handle(self, *args: Any, **options: Any) -> None:
        report = Report()
        try:
            reading = READERS[options["format"]](
                options["paths"], images=options["images"], with_images=not options["no_images"]
            )
        except Unreadable as error:
            raise CommandError(str(error)) from error
        self._tell_files(reading)
        report.problems += reading.problems
        try:
            self._load(reading, options, report)
            self._tell(report, options)
        except (OSError, DatabaseError, InterfaceError) as error:
            reason = str(error).partition("\n")[0]
            raise CommandError(_("It was not finished, run it again: %s") % reason) from error
        if report.errors:
            count = len(report.errors)
            text = ngettext("%d error.", "%d errors.", count) % count
            if not options["dry_run"]:
                text += " " + _("All else was kept: mend what is named above, and run it again.")
            raise CommandError(text)

    def _tell_files(self, reading: Reading) -> None:
        names = {
            "products": _("products"),
            "variants": _("variants"),
            "categories": _("categories"),
            "attributes": _("attributes"),
            "pictures": _("pictures"),
            "links": _("links"),
            "reviews": _("reviews"),
            "pages": _("pages"),
            "tax_rates": _("tax rates"),
        }
        for file, counts in reading.counts.items():
            found = ", ".join(f"{counts[kind]} {name}" for kind, name in names.items() if counts[kind])
            self.stdout.write(f"{file}: {found}")

    def _load(self, reading: Reading, options: dict[str, Any], report: Report) -> None:
        plan = self._plan(options)
        is_shown = sys.stderr.isatty() and options["verbosity"] > 0
        try:
            with tqdm(total=len(reading.products), unit="product", disable=not is_shown) as bar:
                for done in load(reading, plan, report):
                    bar.update(done)
        finally:
            if self._is_first and options["dry_run"]:
                plan.tax_class.delete()

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
        self._is_first = not TaxClass.objects.exists()
        tax_class = self._tax_class(options["tax_class"])
        note = "" if options["tax_class"] else f" ({assumed % '--tax-class'})"
        if self._is_first:
            note = " " + _("(new: the shop had none)")
        self.stdout.write(_("Tax class: %s") % tax_class + note)
        return Plan(
            currency=currency,
            includes_tax=includes_tax,
            tax_class=tax_class,
            category=_category(options["category"], keep=not options["dry_run"]),
            publish=options["publish"],
            recount=options["recount"],
            keep=not options["dry_run"],
        )

    def _tax_class(self, code: str | None) -> TaxClass:
        found = TaxClass.objects.filter(code=code).first() if code else usual_tax_class()
        if self._is_first and not code:
            return first_tax_class()
        if found is None:
            known = ", ".join(TaxClass.objects.values_list("code", flat=True)) or _("none yet, leave it out")
            raise CommandError(_("Which tax class? Say --tax-class with one of: %s.") % known)
        return found

    def _tell(self, report: Report, options: dict[str, Any]) -> None:
        for problem in report.errors[:SHOWN]:
            self.stderr.write(str(problem))
        others = [problem for problem in report.warnings if not problem.topic]
        for problem in others[:SHOWN]:
            self.stderr.write(str(problem))
        unshown = len(report.errors[SHOWN:]) + len(others[SHOWN:])
        if unshown:
            self.stderr.write(_("… and %d more: --errors FILE lists them all.") % unshown)
        for topic, count in Counter(problem.topic for problem in report.warnings if problem.topic).items():
            self.stderr.write(_("warning: ") + told(topic, count))
        if options["errors"]:
            report.write(options["errors"])
        for text in unpriced(report.outcomes):
            self.stderr.write(_("warning: ") + text)
        summary = _(
            "%(created)d created, %(updated)d changed, %(unchanged)d unchanged, %(skipped)d left out."
        )
        added = report.added
        around = _(
            "New: %(categories)d categories, %(pictures)d pictures, %(links)d links, %(reviews)d reviews,"
            " %(pages)d pages, %(tax_rates)d tax rates."
        )
        kinds = ("categories", "pictures", "links", "reviews", "pages", "tax_rates")
        self.stdout.write(around % {kind: added[kind] for kind in kinds})
        if partial := report.outcomes["incomplete"]:
            text = ngettext(
                "%d of the products came in without some of its variants.",
                "%d of the products came in without some of their variants.",
                partial,
            )
            self.stdout.write(text % partial)
        kept = _(" Nothing was kept: this was a dry run.") if options["dry_run"] else ""
        self.stdout.write(summary % report.outcomes + kept)
        if added["pictures"] and not options["dry_run"]:
            text = ngettext(
                "%d picture is being prepared", "%d pictures are being prepared", added["pictures"]
            )
            self.stdout.write(text % added["pictures"] + _("; %d to go.") % images.waiting())


def _category(name: str | None, *, keep: bool) -> Category | None:
    """The category of that slug or name; made at the top of the tree, or imagined, if there is none."""
    if not name:
        return None
    slug = slug_for(name, "category", 140)
    found = find_category(slug)
    if found or keep:
        return found or add_category(name, slug, None)
    return Category(pk=0, name=name[:120], slug=slug)
