"""What stands around the goods: links, reviews and tax rates."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Literal

from django.utils.translation import gettext as _

from catalog.importing.magento.cells import BadRow, number, plain, required
from catalog.importing.magento.goods import Good
from catalog.importing.magento.products import SOURCE
from catalog.importing.records import LinkRecord, Reading, ReviewRecord, TaxRateRecord
from catalog.importing.table import Row, Table
from shop import places

# As Magento's manual has it: related products are bought in addition to the one looked at, cross-sells beside
# what is in the cart: both go with it. Up-sells are better ones instead of it.
KINDS: dict[str, Literal["companion", "alternative"]] = {
    "related": "companion",
    "crosssell": "companion",
    "upsell": "alternative",
}
MAX_REVIEW = 20_000
MAX_RATE = 100  # per cent: 8.250 can be nothing else
ANYWHERE = {"", "*"}


def kind_of(file: str) -> str:
    """Which links a file holds, by its name; empty if that does not say."""
    folded = file.rsplit("/", 1)[-1].lower().replace("_", "").replace("-", "")
    return next((kind for kind in KINDS if kind in folded), "")


def links(tables: Iterable[Table], goods: Iterable[Good], reading: Reading) -> None:
    """Links from files of their own, then those from the goods' rows."""
    for table in tables:
        for row in table.rows(reading, whole=True):
            others = tuple(sku for line in row["linked_sku"].splitlines() if (sku := line.strip()))
            if not row["sku"] or not others:
                reading.error(row.place, _("The row does not say which products it links."), row["sku"][:64])
                continue
            reading.links.append(LinkRecord(row.place, row["sku"], others, KINDS[kind_of(table.name)]))
            reading.count(table.name, links=len(others))
    for good in goods:
        for kind, skus in good.links.items():
            reading.links.append(LinkRecord(good.place, good.sku, skus, KINDS[kind]))


def reviews(tables: Iterable[Table], reading: Reading) -> None:
    """Reviews; one that was rated in several respects has its mean."""
    found: dict[str, list[tuple[ReviewRecord, str]]] = defaultdict(list)
    for table in tables:
        for row in table.rows(reading, whole=True):
            try:
                record = _review(row)
            except BadRow as error:
                reading.error(row.place, str(error), row["sku"][:64])
                continue
            respect = row["rating_code"].casefold()
            if all(respect != known for _record, known in found[record.external_id]):
                found[record.external_id].append((record, respect))
            reading.count(table.name, reviews=1)
    for rated in found.values():
        first = rated[0][0]
        mean = Decimal(sum(record.rating for record, _respect in rated)) / len(rated)
        rating = int(mean.to_integral_value(ROUND_HALF_UP))
        reading.reviews.append(
            ReviewRecord(
                first.place, first.external_id, first.sku, first.name, rating, first.title, first.body
            )
        )


def tax_rates(tables: Iterable[Table], reading: Reading) -> None:
    """Rates of countries and of their regions; the shop has none for a single postcode."""
    for table in tables:
        for row in table.rows(reading, whole=True):
            country = (row["tax_country_id"] or row["country"]).upper()
            named = row["tax_region_name"] or row["state"]
            postcode = row["tax_postcode"] or row["zip/post code"]
            try:
                rate = number(row["rate"], "rate", most=MAX_RATE)
                if len(country) != 2 or not (country.isascii() and country.isalpha()):
                    raise BadRow(_("“%s” is no country's code.") % country[:40])
                if not row["rate"] or not 0 <= rate < 100:
                    raise BadRow(_("“%s” is no rate of tax in per cent.") % row["rate"][:40])
            except (BadRow, InvalidOperation) as error:
                reading.error(row.place, str(error), row["code"][:80])
                continue
            reading.count(table.name, tax_rates=1)
            region = "" if named in ANYWHERE else places.region_code(country, named)
            if region is None or postcode not in ANYWHERE:
                place = ", ".join(part for part in (named, postcode) if part not in ANYWHERE)
                reason = _(
                    "The rate of %(place)s was left out: the shop has them for countries and regions"
                    " (%(country)s)."
                )
                reading.warn(row.place, reason % {"place": place[:80], "country": country}, row["code"][:80])
                continue
            fraction = (rate / 100).quantize(Decimal("0.00001"), ROUND_HALF_UP)
            reading.tax_rates.append(TaxRateRecord(row.place, country, fraction, region))


def _review(row: Row) -> ReviewRecord:
    sku = required(row, "sku", 64)
    name = plain(row["reviewer"] or row["nickname"])[:80]
    title, body = plain(row["title"])[:160], row["review"].strip()
    if row["rating_value"] not in {"1", "2", "3", "4", "5"}:
        raise BadRow(_("“%s” is no rating: 1 to 5 stars.") % row["rating_value"][:40])
    if not body and not title:
        raise BadRow(_("The review says nothing."))
    if len(body) > MAX_REVIEW:
        raise BadRow(_("The review has more than %d characters.") % MAX_REVIEW)
    said = "\0".join((sku, name, title, body))
    digest = hashlib.sha256(said.encode(errors="replace")).hexdigest()[:32]
    rating = int(row["rating_value"])
    return ReviewRecord(row.place, f"{SOURCE}:{digest}", sku, name, rating, title, body)
