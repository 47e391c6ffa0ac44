"""Records → catalogue, a batch in a transaction; what is already so is not written again.

If the database refuses a batch, its products are written one by one: each wholly or not at all.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from django.db import DataError, IntegrityError, OperationalError, connection, transaction
from django.utils.translation import gettext as _

from catalog import pricing, stock
from catalog.importing import around
from catalog.importing.batch import BRAND, KEYWORD, TAG, Batch, Shelves
from catalog.importing.darkroom import Darkroom, Ordered
from catalog.importing.pen import unhurried
from catalog.importing.plan import Plan
from catalog.importing.records import ProductRecord, Reading
from catalog.importing.report import Report
from catalog.importing.tree import Tree
from catalog.importing.vocabulary import Vocabulary
from catalog.models import TaxClass
from shop.changes import projector

BATCH = 50  # products looked up and written together
SHARED = 2  # products that must have a tag before it is worth filtering by; others are only searched


def load(reading: Reading, plan: Plan, report: Report, start: int = 0) -> Iterator[int]:
    """Writes everything, and yields how many products are done each time that some are, for a progress bar.

    A bad one stops no other. `start`: that many were written before. A dry run is one transaction, undone.
    """
    if plan.keep:
        yield from _load(reading, plan, report, start)
        projector.ring()
        return
    with transaction.atomic():
        yield from _load(reading, plan, report, start)
        transaction.set_rollback(True)


def _load(reading: Reading, plan: Plan, report: Report, start: int) -> Iterator[int]:
    darkroom = Darkroom(keep=plan.keep)
    try:
        loader = _Loader(reading, plan, report)
        batches = [reading.products[n : n + BATCH] for n in range(start, len(reading.products), BATCH)]
        ordered = darkroom.order(batches[0]) if batches else {}
        for number, records in enumerate(batches):
            following = darkroom.order(batches[number + 1]) if number + 1 < len(batches) else {}
            loader.take(records, ordered)
            ordered = following
            yield len(records)
        around.load(reading, plan.tax_class, report)
    finally:
        darkroom.close()


class _Loader:
    def __init__(self, reading: Reading, plan: Plan, report: Report) -> None:
        self.reading, self.plan, self.report = reading, plan, report
        shared = _shared_tags(reading.products)
        with unhurried():
            shelves = self._shelves()
            report.added["categories"] += shelves.tree.make_all()
            for tag in shared:  # the commonest first, as the list of filters shows them
                shelves.words.value(TAG, tag)
            for name, labels in _told_labels(reading).items():
                shelves.words.prepare(name, labels)
        self.shelves = shelves
        self.tags = {tag.casefold(): True for tag in shared}  # is it one to filter by?
        self.classes = _tax_classes(plan.tax_class)
        self.codes = {shelves.words.code(name) for name in (BRAND, TAG, KEYWORD, *_told_labels(reading))}

    def take(self, records: Sequence[ProductRecord], ordered: Ordered) -> None:
        """Products of one batch, together or one by one."""
        for future in ordered.values():
            future.exception()  # wait outside the transaction
        if not self._write(records, ordered):
            for record in records:
                if not self._write([record], ordered, is_last=True):
                    self.report.outcomes["skipped"] += 1

    def _write(self, records: Sequence[ProductRecord], ordered: Ordered, *, is_last: bool = False) -> bool:
        """Were they written? The last time, the report says why not."""
        batch = Batch(self.plan, self.shelves, self.tags, self.classes, self.codes)
        try:
            with unhurried():
                batch.write(records, ordered)
                self._follow(batch)
        except (IntegrityError, DataError, OperationalError) as error:
            if not connection.is_usable():
                raise  # the database is away: not the products' fault
            self.shelves = self._shelves()
            if is_last:
                reason = _("The database refuses it: %s") % str(error).partition("\n")[0]
                self.report.note("error", records[0].place, records[0].handle, reason)
            return False
        self.report.outcomes.update(batch.outcomes)
        self.report.added.update(batch.added)
        self.report.problems += batch.problems
        return True

    def _follow(self, batch: Batch) -> None:
        """What other modules decide once the rows are there: sales that run, and what lies on the shelves."""
        if batch.repriced:
            pricing.apply_sales([price.pk for price in batch.repriced])
        levels: dict[int, int | None] = {}
        for offer, record in batch.counted:
            levels[offer.variant.pk] = offer.level
            batch.places[offer.variant.pk] = (offer.record.place, record.handle)
        if levels:
            for pk in stock.adjust_many(levels, reference=f"import {self.reading.source}"[:80]):
                batch.note_reserved(pk)

    def _shelves(self) -> Shelves:
        return Shelves(Vocabulary(self.reading.attributes), Tree(self.plan.category, self.reading.categories))


def _told_labels(reading: Reading) -> dict[str, dict[str, None]]:
    """Labels of the attributes that the files describe, by attribute, in the order of the files."""
    found: dict[str, dict[str, None]] = {}
    for product in reading.products:
        pairs = [*product.values, *(pair for variant in product.variants for pair in variant.options)]
        for name, label in pairs:
            if name in reading.attributes:
                found.setdefault(name, {})[label] = None
    return found


def _tax_classes(default: TaxClass) -> dict[str, TaxClass]:
    """By name and code in small letters, and by the word of Magento's for goods that are taxed as usual."""
    found = {"": default, "taxable goods": default}
    for tax_class in TaxClass.objects.all():
        found[tax_class.name.casefold()] = tax_class
        found[tax_class.code.casefold()] = tax_class
    return found


def _shared_tags(records: Sequence[ProductRecord]) -> list[str]:
    """Tags that several products have, as the first of them writes it, the commonest first."""
    counts = Counter(
        key for record in records for key in dict.fromkeys(tag.casefold() for tag in record.tags)
    )
    spelled: dict[str, str] = {}
    for record in records:
        for tag in record.tags:
            spelled.setdefault(tag.casefold(), tag)
    return [spelled[key] for key, number in counts.most_common() if number >= SHARED]
