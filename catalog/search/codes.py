"""SKUs and barcodes: how they are compared, and which variants have one as it was typed."""

import re

from django.db import connection

_BETWEEN = re.compile(r"[\s\-/.]+")

# Variants of any of %(codes)s, each list by its own index: none is empty.
VARIANTS = """
    SELECT id FROM catalog_variant WHERE sku = ANY(%(codes)s) AND sku <> ''
    UNION ALL SELECT id FROM catalog_variant WHERE barcode = ANY(%(codes)s) AND barcode <> ''"""


def code(text: str) -> str:
    """As the engine compares one: "DV7-1211/ea" is dv71211ea."""
    return _BETWEEN.sub("", text.lower())


def spelled(text: str) -> list[str]:
    """As one may stand in the database that was typed so: as it is, in capitals, or in small letters."""
    return list(dict.fromkeys((text, text.upper(), text.lower())))


def is_ours(text: str) -> bool:
    """Is it one of ours, or of something that we had? A number may be typed with what stands between it."""
    digits = "".join(filter(str.isdigit, text))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS ({VARIANTS})", {"codes": [*spelled(text), digits]})
        return bool(cursor.fetchone()[0])
