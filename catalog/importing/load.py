"""Records → catalogue, a batch in a transaction; what is already so is not written again.

If the database refuses a batch, its products are written one by one: each wholly or not at all. A trial's
batches are undone one by one as well: nobody who buys meanwhile waits for it.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from django.db import DataError, IntegrityError, OperationalError, connection
from django.utils.translation import gettext as _

from catalog import pricing, stock
from catalog.importing import around
from catalog.importing.batch import BRAND, KEYWORD, TAG, Batch, Shelves, homes
from catalog.importing.darkroom import Darkroom, Ordered
from catalog.importing.imagined import Imagined
from catalog.importing.lost import left_out
from catalog.importing.pen import unhurried
from catalog.importing.plan import Plan
from catalog.importing.records import Problem, ProductRecord, Reading
from catalog.importing.report import Report
from catalog.importing.tree import Tree
from catalog.importing.vocabulary import Vocabulary
from catalog.models import TaxClass
from shop.changes import projector

BATCH = 50  # products looked up and written together
REFUSED = "refused"  # topic of what the database does not take
SHARED = 2  # products that must have a tag before it is worth filtering by; others are only searched


def load(
    reading: Reading,
    plan: Plan,
    report: Report,
    start: int = 0,
    refused: Collection[tuple[str, int]] = (),
) -> Iterator[int]:
    """Writes everything, and yields how many products are done each time that some are, for a progress bar.

    A bad one stops no other. `start`: that many were done before; of these `refused`, file and line of those
    that the database left out.
    """
    darkroom = Darkroom(keep=plan.keep)
    try:
        loader = _Loader(reading, plan, report)
        loader.prepare(start, refused)
        batches = [reading.products[n : n + BATCH] for n in range(start, len(reading.products), BATCH)]
        ordered = darkroom.order(batches[0]) if batches else {}
        for number, records in enumerate(batches):
            following = darkroom.order(batches[number + 1]) if number + 1 < len(batches) else {}
            loader.take(records, ordered)
            ordered = following
            yield len(records)
        around.load(reading, plan, report, loader.imagined)
    finally:
        darkroom.close()
    if plan.keep:
        projector.ring()


class _Loader:
    def __init__(self, reading: Reading, plan: Plan, report: Report) -> None:
        self.reading, self.plan, self.report = reading, plan, report
        self.imagined = Imagined()
        self.shelves = self._shelves()
        self.shared = _shared_tags(reading.products)
        self.told = _told_labels(reading)
        self.tags = {tag.casefold(): True for tag in self.shared}  # is it one to filter by?
        self.classes = _tax_classes(plan.tax_class)
        self.codes = {self.shelves.words.code(name) for name in (BRAND, TAG, KEYWORD, *self.told)}
        self.lost = left_out(reading)

    def prepare(self, start: int, refused: Collection[tuple[str, int]]) -> None:
        """Makes what many products share, each in a moment of its own."""
        words, tree = self.shelves.words, self.shelves.tree
        with unhurried(keep=self.plan.keep):
            tree.make_all()
        with unhurried(keep=self.plan.keep):
            for tag in self.shared:  # the commonest first, as the list of filters shows them
                words.value(TAG, tag)
        for name, labels in self.told.items():
            with unhurried(keep=self.plan.keep):
                words.prepare(name, labels)
        if start and not self.plan.keep:
            for record in self.imagined.replay(self.reading.products[:start], self.classes, refused):
                homes(record, tree, self.plan)
        if not start:
            self.report.added["categories"] += tree.made
            self.report.outcomes["skipped"] += self.lost.count

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
        # What a trial has imagined outlives its batches, but not the one that fails.
        before = None if self.plan.keep else self.shelves.copy()
        batch = Batch(
            self.plan, self.shelves, self.tags, self.classes, self.codes, self.imagined, self.lost.partial
        )
        try:
            with unhurried(keep=self.plan.keep):
                batch.write(records, ordered)
                self._follow(batch)
        except (IntegrityError, DataError, OperationalError) as error:
            if not connection.is_usable():
                raise  # the database is away: not the products' fault
            self.shelves = before or self._shelves()
            if is_last:
                reason = _("The database refuses it: %s") % str(error).partition("\n")[0]
                problem = Problem("error", records[0].place, records[0].handle, reason, REFUSED)
                self.report.problems.append(problem)
            return False
        self.report.outcomes.update(batch.outcomes)
        self.report.added.update(batch.added)
        self.report.problems += batch.problems
        if not self.plan.keep:
            for record, product, variants in batch.written:
                self.imagined.note(record, product.pk, variants)
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
        tree = Tree(self.plan.category, self.reading.categories, keep=self.plan.keep)
        return Shelves(Vocabulary(self.reading.attributes), tree)


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
