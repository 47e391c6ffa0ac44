"""What follows a changed attribute or value: facets and options, and the cards that say it or show it.

A picture names what it shows by code and slug ({"frame": "oak"}), a card by the values' ids. So whatever
makes a code and a slug another value, or none, makes those cards again whose pictures name them.
"""

import json
from collections.abc import Iterable, Sequence

from django.db import connection
from django.db.models import QuerySet

from catalog.models import Attribute, Image, ProductValue, VariantOption
from catalog.noted import column, ids_of, purge, touches, values
from catalog.on_document import documents
from shop.changes.models import Row
from shop.changes.rules import Effects

CARDS = "cards"


def attribute(rows: Sequence[Row], effects: Effects) -> None:
    """Facets and options are called by its name, everywhere; whether and where it is a facet, in lists."""
    asked = values((row for row in rows if touches(row, "code", "is_facet")), "code")
    purge("slug/attribute/{}", asked, effects)
    purge("attribute/{}:values", ids_of(rows), effects)
    purge("attribute/{}", ids_of(row for row in rows if touches(row, "code", "name", "kind")), effects)
    # A new one has no values yet; of one that went, this row alone still knows what it was called.
    codes = values((row for row in rows if row.before and touches(row, "code")), "code")
    if codes:
        effects.project(CARDS, column(_telling(codes), "product"))


def attribute_value(rows: Sequence[Row], effects: Effects) -> None:
    """Facets, options, and the cards that say it ("30 × 40 cm"); addresses and pictures that name it."""
    purge("attributevalue/{}", ids_of(rows), effects)
    # One that comes or goes is in no list: what has it has a card, which changes too.
    stayed = (row for row in rows if row.before and row.after)
    purge("attribute/{}:values", values(stayed, "attribute_id"), effects)
    called = [row for row in rows if touches(row, "slug", "attribute_id")]
    if called:
        purge("slug/attributevalue/{}", values(called, "slug"), effects)
        effects.project(CARDS, _showing(called))
    named = ids_of(row for row in rows if "label" in row.changed)
    products = set(column(ProductValue.objects.filter(value__in=named), "product"))
    products |= set(column(VariantOption.objects.filter(value__in=named), "variant__product"))
    effects.project(CARDS, products)
    documents(products, effects)  # labels that differ in case only are one word to a card


# A word at a time: one condition of all words would be held against each picture that any of them finds.
_SHOWING = """
    SELECT DISTINCT product_id FROM unnest(%s::text[]) AS word
    JOIN catalog_image ON shows @> word::jsonb AND NOT shows = '{}' AND product_id IS NOT NULL"""


def _showing(rows: Iterable[Row]) -> list[int]:
    """Products with pictures that name one of these values, as it was or as it is.

    Of an attribute that was renamed too, or is gone, the attribute's own row asks for all.
    """
    sides = [side for row in rows for side in (row.before, row.after) if side is not None]
    pairs = {(side["attribute_id"], side["slug"]) for side in sides}
    attributes = Attribute.objects.filter(pk__in={pk for pk, _slug in pairs}).order_by()
    codes = dict(attributes.values_list("pk", "code"))
    words = [json.dumps({codes[pk]: slug}) for pk, slug in sorted(pairs) if pk in codes]
    with connection.cursor() as cursor:
        cursor.execute(_SHOWING, [words])
        return [product_id for (product_id,) in cursor.fetchall()]


def _telling(codes: Iterable[str]) -> QuerySet[Image]:
    """The pictures of products that name a value of these attributes."""
    return Image.objects.filter(product__isnull=False, shows__has_any_keys=sorted(codes)).exclude(shows={})
