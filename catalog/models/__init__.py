"""What is for sale, and what it costs to have it brought."""

from catalog.models.attribute import Attribute, AttributeValue, ProductValue, VariantOption
from catalog.models.card import Availability, Card
from catalog.models.category import Category, Listing
from catalog.models.content import Block, Page
from catalog.models.delivery import Method, MethodRate, Promised, Zone
from catalog.models.former import Former
from catalog.models.importing import ImportProblem, ImportRun
from catalog.models.indexing import Refreshed, StaleDocument
from catalog.models.neighbours import Neighbours
from catalog.models.price import Price, Sale
from catalog.models.product import Image, Mat, Product, ProductLink, Variant
from catalog.models.review import Review
from catalog.models.search import (
    Comparison,
    CountedBatch,
    Pin,
    QueryCount,
    SteeredQuery,
    Synonym,
    Taught,
)
from catalog.models.stock import Stock, StockBucket, StockMovement
from catalog.models.tax import TaxClass, TaxRate
from catalog.models.word import Vocabulary, Word

__all__ = [
    "Attribute",
    "AttributeValue",
    "Availability",
    "Block",
    "Card",
    "Category",
    "Comparison",
    "CountedBatch",
    "Former",
    "Image",
    "ImportProblem",
    "ImportRun",
    "Listing",
    "Mat",
    "Method",
    "MethodRate",
    "Neighbours",
    "Page",
    "Pin",
    "Price",
    "Product",
    "ProductLink",
    "ProductValue",
    "Promised",
    "QueryCount",
    "Refreshed",
    "Review",
    "Sale",
    "StaleDocument",
    "SteeredQuery",
    "Stock",
    "StockBucket",
    "StockMovement",
    "Synonym",
    "Taught",
    "TaxClass",
    "TaxRate",
    "Variant",
    "VariantOption",
    "Vocabulary",
    "Word",
    "Zone",
]
