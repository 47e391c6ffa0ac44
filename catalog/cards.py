"""rebuild(): brings the cards of products in line with the truth, in one statement for all markets."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import cache
from typing import Any

from babel.numbers import get_currency_precision
from django.conf import settings
from django.db import connection, transaction
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.db.models.functions import Now

from catalog.locks import lock_products
from catalog.models import Product
from catalog.models.card import text_config
from catalog.models.category import Category
from shop import markets
from shop.markets import Market
from shop.outbox.outbox import enqueue

CHUNK = 500  # products in a transaction: as many advisory locks
SHELVES = 500  # categories of a product, those above included: a row of their index has a limit


def rebuild(product_ids: Iterable[int]) -> None:
    """Writes, changes and deletes cards until they say what the products say; unchanged ones are left alone.

    The products are locked, then read in a new statement: of two projectors the later one sees all.
    """
    ids = sorted(set(product_ids))
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        with transaction.atomic():
            lock_products(chunk)
            with connection.cursor() as cursor:
                cursor.execute(_statement(), _parameters(chunk, markets.all()))


def schedule(product_ids: Sequence[int]) -> None:
    """Time is a write: jobs that rebuild the cards when products are published, or new no longer."""
    new_for = timedelta(days=settings.NEW_FOR_DAYS)
    due: dict[object, list[int]] = {}
    awaited = ExpressionWrapper(Q(published_at__gt=Now()), BooleanField())  # the clock by which cards appear
    moments = Product.objects.filter(
        pk__in=product_ids, is_published=True, published_at__gt=Now() - new_for
    ).values_list("pk", "published_at", awaited)
    for pk, published_at, is_awaited in moments.order_by("pk"):
        if is_awaited:
            due.setdefault(published_at, []).append(pk)
        # An hour late, and all of an hour's goods in one job.
        ends = (published_at + new_for).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        due.setdefault(ends, []).append(pk)
    with transaction.atomic():
        for moment, ids in due.items():
            enqueue("catalog.rebuild_cards", ids, due=moment, queue="high", once=True)  # type: ignore[arg-type]


def _parameters(ids: Sequence[int], selling: Sequence[Market]) -> dict[str, Any]:
    configs = sorted({text_config(market.language) for market in selling})
    return {
        "ids": list(ids),
        "codes": [market.code for market in selling],
        "currencies": [market.currency for market in selling],
        "countries": [market.country for market in selling],
        "tax_shown": [market.tax_shown for market in selling],
        "digits": [get_currency_precision(market.currency) for market in selling],
        "configs": configs,
        "languages": [configs.index(text_config(market.language)) + 1 for market in selling],
        "new_for": settings.NEW_FOR_DAYS,
        "step": Category.steplen,
        "shelves": SHELVES,
    }


# What a price is with or without tax: catalog.pricing.shown, in SQL. round() treats halves as Money does.
_SHOWN = """CASE
    WHEN pr.includes_tax = m.tax_shown THEN round({amount}, m.digits)
    WHEN m.tax_shown THEN round({amount} * (1 + COALESCE(t.rate, 0)), m.digits)
    ELSE round({amount} / (1 + COALESCE(t.rate, 0)), m.digits) END"""

# Column of the card → where it comes from.
_COLUMNS = {
    "name": "p.name",
    "slug": "p.slug",
    "kind": "p.kind",
    "detail": "COALESCE(deal.detail, '')",
    "currency": "deal.currency",
    "price": "deal.price",
    "list_price": "deal.list_price",
    "is_from": "deal.is_from",
    "discount": ("NULLIF(floor((deal.list_price - deal.price) / deal.list_price * 100), 0)::smallint"),
    "availability": "deal.availability",
    "is_new": "p.published_at > statement_timestamp() - %(new_for)s * interval '1 day'",
    "picture": "COALESCE(image.picture,"
    " jsonb_build_object('alt', p.name, 'width', 0, 'height', 0, 'src', NULL,"
    " 'srcset', '{}'::jsonb, 'mat', '', 'white', ''))",
    "rating": "stars.rating",
    "rating_count": "COALESCE(stars.number, 0)",
    "histogram": "COALESCE(stars.histogram, '{0,0,0,0,0}')",
    "popularity": "p.popularity",
    "published_at": "p.published_at",
    "categories": "COALESCE(place.ids[1:%(shelves)s], '{}')",
    "values": "COALESCE(trait.ids, '{}')",
    "traits": "COALESCE(nature.ids, '{}')",
    "on_sale": "deal.on_sale",
    "offers": "deal.offers",
    "views": "COALESCE(view.views, '[]')",
    "search": "vector.searches[deal.language]",
}

# Without accents, as a query is asked. To PostgreSQL's parser "black/white" is a file: both words are meant.
_FOLDED = "catalog_plain(translate({text}, '/', ' '))"
_AROUND = "concat_ws(' ', p.kind, p.series, p.brand, said.words, place.words)"
_VECTOR = " || ".join(
    f"setweight(to_tsvector({config}, {text}), '{weight}')"
    for weight, config, text in (
        ("A", "config", _FOLDED.format(text="p.name")),
        ("A", "'simple'", "catalog_plain(COALESCE(code.words, ''))"),
        ("B", "config", _FOLDED.format(text=_AROUND)),
        ("C", "config", _FOLDED.format(text="p.summary")),
        # What tables call their lines is said of all goods alike.
        (
            *("D", "config"),
            "catalog_plain(regexp_replace(left(p.description, 100000), '<th[ >].*?</th>', ' ', 'g'))",
        ),
    )
)

# Each table is asked for the ids alone, and what hangs on variants by an array of theirs: in a catalogue that
# grows, statistics are old, and joins would read whole tables for a few hundred products.
# One statement for all markets: what they share, the words to search above all, is made once. `key` is
# product and market in one number: joined by two columns, the planner expects one row and walks in loops.
_STATEMENT = """
WITH m AS (
    SELECT * FROM unnest(%(codes)s::text[], %(currencies)s::text[], %(countries)s::text[],
        %(tax_shown)s::boolean[], %(digits)s::int[], %(languages)s::int[])
        WITH ORDINALITY AS market(code, currency, country, tax_shown, digits, language, n)
), product AS (
    SELECT * FROM catalog_product
    WHERE id = ANY(%(ids)s) AND is_published AND published_at <= statement_timestamp()
), sold AS MATERIALIZED (
    SELECT * FROM catalog_variant WHERE product_id = ANY(%(ids)s) AND is_active
), priced AS MATERIALIZED (
    SELECT * FROM catalog_price WHERE variant_id = ANY(ARRAY(SELECT id FROM sold))
), picked AS MATERIALIZED (
    SELECT * FROM catalog_variantoption WHERE variant_id = ANY(ARRAY(SELECT id FROM sold))
), offer AS (  -- what can be bought, at the price each market shows
    SELECT v.product_id * 1000 + m.n AS key, v.product_id, m.code, m.currency, m.language,
        v.id AS variant_id, v.position, v.availability,
        {price} AS price, {list} AS list_price
    FROM sold v
    JOIN product p ON p.id = v.product_id
    JOIN priced pr ON pr.variant_id = v.id
    JOIN m ON m.currency = pr.currency
    LEFT JOIN catalog_taxrate t ON t.tax_class_id = p.tax_class_id AND t.country = m.country AND t.region = ''
), choice AS (  -- what each variant is: all its option values, and the first one's label, its size
    SELECT o.variant_id, jsonb_agg(o.value_id ORDER BY o.position) AS ids,
        (array_agg(value.label ORDER BY o.position))[1] AS label
    FROM picked o JOIN catalog_attributevalue value ON value.id = o.value_id GROUP BY o.variant_id
), ranked AS (
    SELECT *, row_number() OVER (
        PARTITION BY key ORDER BY availability = 'out', price, position, variant_id) AS place FROM offer
), deal AS (  -- the cheapest of those in stock, if any; what all of them are; and each
    SELECT key, min(product_id) AS product_id, min(code) AS market, min(currency) AS currency,
        min(language) AS language,
        min(choice.label) FILTER (WHERE place = 1) AS detail, min(price) FILTER (WHERE place = 1) AS price,
        min(list_price) FILTER (WHERE place = 1 AND list_price > price) AS list_price,
        CASE WHEN bool_or(availability = 'in') THEN 'in'
             WHEN bool_or(availability = 'low') THEN 'low' ELSE 'out' END AS availability,
        CASE WHEN bool_or(availability <> 'out')
             THEN min(price) FILTER (WHERE availability <> 'out')
                < max(price) FILTER (WHERE availability <> 'out')
             ELSE min(price) < max(price) END AS is_from,
        bool_or(list_price > price AND (availability <> 'out' OR place = 1)) AS on_sale,
        CASE WHEN bool_or(choice.ids IS NOT NULL) THEN jsonb_agg(jsonb_build_array(
            COALESCE(choice.ids, '[]'), price::text, CASE WHEN list_price > price THEN list_price::text END,
            availability, COALESCE(choice.label, '')
        ) ORDER BY price, ranked.position, variant_id) ELSE '[]' END AS offers
    FROM ranked LEFT JOIN choice USING (variant_id) GROUP BY key
), shot AS MATERIALIZED (
    SELECT i.id, i.product_id, i.variant_id, i.position, i.shows,
        i.renditions->>'src' IS NOT NULL AS is_made, jsonb_build_object(
        'alt', COALESCE(NULLIF(i.alt, ''), p.name), 'width', i.width, 'height', i.height,
        'src', i.renditions->'src', 'srcset', COALESCE(i.renditions->'srcset', '{{}}'),
        'white', COALESCE(i.renditions->>'white', ''),
        'mat', CASE WHEN i.renditions->>'mat' = '' THEN ''  -- as Image.ground
            ELSE COALESCE(NULLIF(i.mat, ''), i.renditions->>'mat', '') END) AS picture
    FROM catalog_image i JOIN product p ON p.id = i.product_id WHERE i.product_id = ANY(%(ids)s)
), image AS (  -- the first, and where it is not made yet, its place
    SELECT DISTINCT ON (product_id) product_id, picture FROM shot
    ORDER BY product_id, NOT is_made, position, id
), told AS (  -- what else is shown: the values of a variant, or those that the merchant named
    SELECT shot.id, choice.ids FROM shot JOIN choice USING (variant_id) WHERE is_made
    UNION ALL
    SELECT shot.id, jsonb_agg(value.id ORDER BY value.id)
    FROM shot
    CROSS JOIN jsonb_each(CASE jsonb_typeof(shows) WHEN 'object' THEN shows ELSE '{{}}' END) AS word
    JOIN catalog_attribute attribute ON attribute.code = word.key
    JOIN catalog_attributevalue value
        ON value.attribute_id = attribute.id AND value.slug = word.value #>> '{{}}'
    WHERE jsonb_typeof(word.value) = 'string' AND is_made AND variant_id IS NULL GROUP BY shot.id
), view AS (
    SELECT product_id, jsonb_agg(jsonb_build_array(ids, picture) ORDER BY position, id) AS views
    FROM shot JOIN told USING (id) GROUP BY product_id
), stars AS (
    SELECT product_id, round(avg(rating), 2) AS rating, count(*) AS number, ARRAY[
        count(*) FILTER (WHERE rating = 1), count(*) FILTER (WHERE rating = 2),
        count(*) FILTER (WHERE rating = 3), count(*) FILTER (WHERE rating = 4),
        count(*) FILTER (WHERE rating = 5)]::int[] AS histogram
    FROM catalog_review WHERE is_published AND product_id = ANY(%(ids)s) GROUP BY product_id
), line AS (  -- each category of a listing with its ancestors: cut from its path
    SELECT l.product_id, c.id AS home_id, above.id, above.name, above.is_published
    FROM catalog_listing l
    JOIN product p ON p.id = l.product_id
    JOIN catalog_category c ON c.id = l.category_id
    CROSS JOIN generate_series(%(step)s::int, length(c.path), %(step)s::int) AS cut(at)
    JOIN catalog_category above ON above.path = left(c.path, cut.at)
    WHERE l.product_id = ANY(%(ids)s)
), place AS (  -- a listing under a category that is not published counts for none of them
    SELECT product_id, array_agg(DISTINCT id ORDER BY id) AS ids, string_agg(DISTINCT name, ' ') AS words
    FROM (SELECT *, bool_and(is_published) OVER (PARTITION BY product_id, home_id) AS is_open FROM line) seen
    WHERE is_open GROUP BY product_id
), has AS (  -- what the product is, and what its variants are that can be had
    SELECT pv.product_id * 1000 + m.n AS key, pv.product_id, pv.value_id
    FROM catalog_productvalue pv CROSS JOIN m WHERE pv.product_id = ANY(%(ids)s)
    UNION
    SELECT offer.key, offer.product_id, o.value_id
    FROM offer JOIN picked o ON o.variant_id = offer.variant_id WHERE offer.availability <> 'out'
), trait AS (
    SELECT key, array_agg(value_id ORDER BY value_id) AS ids FROM has GROUP BY key
), nature AS (
    SELECT product_id, array_agg(value_id ORDER BY value_id) AS ids
    FROM catalog_productvalue WHERE product_id = ANY(%(ids)s) GROUP BY product_id
), said AS (
    SELECT product_id, string_agg(DISTINCT value.label, ' ') AS words
    FROM has JOIN catalog_attributevalue value ON value.id = has.value_id GROUP BY product_id
), code AS (
    SELECT product_id, string_agg(  -- AB-0001 is AB, 0001, and AB0001 as well
        concat_ws(' ', sku, translate(sku, '-./_', '    '), NULLIF(translate(sku, '-./_ ', ''), sku),
        barcode), ' ' ORDER BY id) AS words
    FROM sold GROUP BY product_id
), vector AS MATERIALIZED (  -- what search reads, once for each language
    SELECT p.id AS product_id, ARRAY(SELECT {vector} FROM unnest(%(configs)s::regconfig[])
        WITH ORDINALITY AS language(config, number) ORDER BY number) AS searches
    FROM product p
    LEFT JOIN code ON code.product_id = p.id
    LEFT JOIN said ON said.product_id = p.id
    LEFT JOIN place ON place.product_id = p.id
), gone AS (
    DELETE FROM catalog_card card WHERE product_id = ANY(%(ids)s) AND NOT EXISTS (
        SELECT FROM deal WHERE deal.product_id = card.product_id AND deal.market = card.market)
)
INSERT INTO catalog_card AS card (product_id, market, {columns})
SELECT p.id, deal.market, {sources}
FROM deal
JOIN product p ON p.id = deal.product_id
JOIN vector ON vector.product_id = p.id
LEFT JOIN image ON image.product_id = p.id
LEFT JOIN view ON view.product_id = p.id
LEFT JOIN stars ON stars.product_id = p.id
LEFT JOIN place ON place.product_id = p.id
LEFT JOIN trait ON trait.key = deal.key
LEFT JOIN nature ON nature.product_id = p.id
ORDER BY deal.key
ON CONFLICT (product_id, market) DO UPDATE SET ({columns}) = ROW({excluded})
WHERE ({current}) IS DISTINCT FROM ({excluded})
"""


@cache
def _statement() -> str:
    """The statement with its columns filled in."""
    quoted = [f'"{column}"' for column in _COLUMNS]
    return _STATEMENT.format(
        price=_SHOWN.format(amount="COALESCE(pr.sale_amount, pr.amount)"),
        list=_SHOWN.format(amount="pr.amount"),
        vector=_VECTOR,
        columns=", ".join(quoted),
        sources=", ".join(_COLUMNS.values()),
        excluded=", ".join(f"EXCLUDED.{column}" for column in quoted),
        current=", ".join(f"card.{column}" for column in quoted),
    )
