"""What machines read in a page: JSON in <script> elements, and schema.org's words for a product."""

import json
from collections.abc import Sequence
from typing import Any

from catalog.queries.chrome import Crumb, absolute
from catalog.queries.products import Found
from catalog.views.picker import offer_label, url_of

# Inside <script> nothing is escaped as in HTML: `</script>` and `<!--` would end or swallow the page.
ESCAPED = {
    ord("<"): "\\u003c",
    ord(">"): "\\u003e",
    ord("&"): "\\u0026",
    0x2028: "\\u2028",
    0x2029: "\\u2029",
}
AVAILABILITY = {"in": "InStock", "low": "LimitedAvailability", "out": "OutOfStock"}
OFFERS_AT_MOST = 100


def dump(value: Any) -> str:
    """JSON that can stand in a <script> element."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(ESCAPED)


def product(found: Found, path: str, crumbs: Sequence[Crumb]) -> str:
    """Product with its offers and rating, and the way to it."""
    item, card = found.product, found.card
    data: dict[str, Any] = {
        "@type": "Product",
        "@id": absolute(path) + "#product",
        "name": item.name,
        "description": item.summary or item.name,
        "url": absolute(path),
        "image": [_absolute(src) for image in found.images if (src := image.picture["src"])],
        "category": item.kind,
        **({"brand": {"@type": "Brand", "name": item.brand}} if item.brand else {}),
        "offers": [
            {
                "@type": "Offer",
                "url": absolute(url_of(offer, path)),
                "name": offer_label(offer) or item.name,
                "sku": offer.sku or str(offer.id),
                "price": str(offer.shown.price.amount),
                "priceCurrency": offer.shown.price.currency,
                "availability": f"https://schema.org/{AVAILABILITY[offer.availability]}",
                "itemCondition": "https://schema.org/NewCondition",
            }
            for offer in found.offers[:OFFERS_AT_MOST]
        ],
    }
    if card and card["rating_count"]:
        data["aggregateRating"] = {
            "@type": "AggregateRating",
            "ratingValue": str(card["rating"]),
            "reviewCount": card["rating_count"],
        }
    trail = {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": number, "name": crumb["name"], "item": absolute(crumb["url"])}
            for number, crumb in enumerate(crumbs, 1)
        ],
    }
    return dump({"@context": "https://schema.org", "@graph": [data, trail]})


def _absolute(src: str) -> str:
    return absolute(src) if src.startswith("/") else src
