"""The catalogue on the merchant's desk: importing these registers them."""

from catalog.admin import (
    attribute,
    category,
    content,
    delivery,
    figures,
    importing,
    picture,
    price,
    product,
    review,
    search_counts,
    search_steered,
    search_synonym,
    stock,
    tax,
    variant,
)

__all__ = [
    "attribute",
    "category",
    "content",
    "delivery",
    "figures",
    "importing",
    "picture",
    "price",
    "product",
    "review",
    "search_counts",
    "search_steered",
    "search_synonym",
    "stock",
    "tax",
    "variant",
]
