"""What stands around the products: links, reviews, pages and tax rates. What is there already is kept."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TypeVar

from django.db import DataError, IntegrityError
from django.utils.translation import gettext as _

from catalog import richtext
from catalog.importing.imagined import Imagined
from catalog.importing.pen import unhurried
from catalog.importing.plan import Plan
from catalog.importing.records import LinkRecord, Problem, Reading, ReviewRecord
from catalog.importing.report import Report
from catalog.models import Page, Product, ProductLink, Review, TaxClass, TaxRate, Variant

BATCH = 500

Record = TypeVar("Record")


def load(reading: Reading, plan: Plan, report: Report, imagined: Imagined) -> None:
    """Everything that is not there yet, in batches."""
    with unhurried(keep=plan.keep):
        _tax_rates(reading, plan.tax_class, report)
    for links in _batches(reading.links):
        with unhurried(keep=plan.keep):
            _links(links, reading.source, report, imagined)
    for reviews in _batches(reading.reviews):
        with unhurried(keep=plan.keep):
            _reviews(reviews, reading.source, report, imagined)
    _pages(reading, plan, report)


def _links(records: list[LinkRecord], source: str, report: Report, imagined: Imagined) -> None:
    """Links that are missing, behind those that are there: the merchant may have more of them."""
    skus = {sku for record in records for sku in (record.sku, *record.others)}
    products = _products(skus, source, imagined)
    ids = {products[record.sku] for record in records if record.sku in products}
    known = imagined.links
    places: dict[tuple[int, str], int] = defaultdict(int)
    rows = ProductLink.objects.filter(product__in=ids).order_by()
    for product_id, other_id, kind, position in rows.values_list("product", "other", "kind", "position"):
        known.add((product_id, other_id, kind))
        places[product_id, kind] = max(places[product_id, kind], position + 1)
    fresh = []
    for record in records:
        product = products.get(record.sku)
        if product is None:
            reason = _("The links are those of no product that is sold here: %s.") % record.sku[:64]
            _warn(report, record, reason, "link")
            continue
        unknown = [sku for sku in record.others if sku not in products]
        if unknown:
            reason = _("These linked products are not sold here: %s.") % ", ".join(unknown)[:300]
            _warn(report, record, reason, "link")
        for other in dict.fromkeys(products[sku] for sku in record.others if sku in products):
            if other == product or (product, other, record.kind) in known:
                continue
            known.add((product, other, record.kind))
            position = min(places[product, record.kind], 32_000)
            places[product, record.kind] += 1
            link = ProductLink(product_id=product, other_id=other, kind=record.kind, position=position)
            fresh.append(link)
    ProductLink.objects.bulk_create(fresh, ignore_conflicts=True)  # a merchant may be at it as well
    report.added["links"] += len(fresh)


def _reviews(records: list[ReviewRecord], source: str, report: Report, imagined: Imagined) -> None:
    """Reviews that are missing; what the merchant has changed of others stays."""
    products = _products({record.sku for record in records}, source, imagined)
    ids = [record.external_id for record in records]
    known = imagined.reviews
    held = Review.objects.filter(external_id__in=ids).values_list("external_id", flat=True)
    known |= {external_id or "" for external_id in held}
    fresh = []
    for record in records:
        if record.external_id in known:
            continue
        product = products.get(record.sku)
        if product is None:
            reason = _("The review is of no product that is sold here: %s.") % record.sku[:64]
            _warn(report, record, reason, "review")
            continue
        known.add(record.external_id)
        fresh.append(
            Review(
                product_id=product,
                external_id=record.external_id,
                name=record.name,
                rating=record.rating,
                title=record.title,
                body=record.body,
            )
        )
    Review.objects.bulk_create(fresh, ignore_conflicts=True)
    report.added["reviews"] += len(fresh)


def _pages(reading: Reading, plan: Plan, report: Report) -> None:
    """Pages that are missing: one of that address is the merchant's own by now."""
    known = set(Page.objects.values_list("slug", flat=True))
    for record in reading.pages:
        if record.slug in known:
            continue
        known.add(record.slug)
        try:
            with unhurried(keep=plan.keep):
                Page.objects.create(
                    slug=record.slug,
                    title=record.title,
                    body=richtext.clean(record.body),
                    position=Page.objects.count(),
                    is_published=False,
                )
        except (IntegrityError, DataError) as error:
            reason = _("The database refuses it: %s") % str(error).partition("\n")[0]
            report.note("error", record.place, record.slug, reason)
            continue
        report.added["pages"] += 1
        if record.is_published:
            reason = _("The page waits unpublished: it speaks of another shop.")
            report.problems.append(Problem("warning", record.place, record.slug, reason, "page"))


def _tax_rates(reading: Reading, tax_class: TaxClass, report: Report) -> None:
    """Rates of places that have none; one that says otherwise is a matter for the merchant."""
    rows = TaxRate.objects.filter(tax_class=tax_class).values_list("country", "region", "rate")
    known = {(country, region): rate for country, region, rate in rows}
    for record in reading.tax_rates:
        at = record.country, record.region
        held = known.get(at)
        if held is None:
            TaxRate.objects.create(tax_class=tax_class, country=at[0], region=at[1], rate=record.rate)
            known[at] = record.rate
            report.added["tax_rates"] += 1
        elif held != record.rate:
            name = "-".join(filter(None, at))
            values = {"place": name, "held": f"{held:%}", "told": f"{record.rate:%}"}
            reason = _("The shop's rate for %(place)s is %(held)s, the file's %(told)s: it was kept.")
            report.note("warning", record.place, name, reason % values)


def _products(skus: Iterable[str], source: str, imagined: Imagined) -> Mapping[str, int]:
    """Product ids by SKU; a variant stands for its product."""
    ids = {f"{source}:{sku}": sku for sku in skus}
    variants = Variant.objects.filter(external_id__in=ids).order_by().values_list("external_id", "product")
    products = Product.objects.filter(external_id__in=ids).order_by().values_list("external_id", "pk")
    found = {ids[external_id or ""]: pk for external_id, pk in (*variants, *products)}
    return found | {ids[i]: imagined.products[i] for i in ids if i in imagined.products}


def _warn(report: Report, record: LinkRecord | ReviewRecord, reason: str, topic: str) -> None:
    report.problems.append(Problem("warning", record.place, record.sku, reason, topic))


def _batches(records: Iterable[Record]) -> Iterator[list[Record]]:
    waiting = iter(records)
    while batch := list(islice(waiting, BATCH)):
        yield batch
