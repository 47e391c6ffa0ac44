"""What a reader makes of files and the loader takes: goods, what is around them, and problems."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal

Trail = tuple[str, ...]  # the names of a category and those above it, from the top


@dataclass(frozen=True)
class Place:
    """A line of a file, counted from 1 as editors do."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Problem:
    """Something a person should look at.

    An error is damage: its row (or product) was left out. A warning was read otherwise than written, or is
    nothing that this shop has. `topic` names a sort that comes in great numbers: the screen only counts it.
    """

    level: Literal["error", "warning"]
    place: Place
    handle: str
    reason: str
    topic: str = ""  # "picture", "link" …

    def __str__(self) -> str:
        return f"{self.place}: {self.level}: {self.reason}"


@dataclass(frozen=True)
class PictureRecord:
    """Where a picture lies: in a file here, or at an address on the web. `shows`: (option, value)."""

    place: Place
    address: str
    alt: str = ""
    position: int = 0
    file: Path | None = None
    shows: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class VariantRecord:
    """One thing that can be bought; `options` are (name, value) in the merchant's order."""

    place: Place
    external_id: str
    options: tuple[tuple[str, str], ...]
    price: Decimal
    list_price: Decimal | None = None  # what it costs without its sale
    sale_from: datetime | None = None  # None: since it was first read
    sale_until: datetime | None = None
    sku: str = ""
    is_sku_loose: bool = False  # of another variant in the shop: this one comes without it, instead of not
    barcode: str = ""
    quantity: int = 0
    is_tracked: bool = True
    weight_grams: int = 0
    is_active: bool | None = None  # None: the file does not say


@dataclass(frozen=True)
class ProductRecord:
    """A product with everything the file says about it."""

    place: Place
    external_id: str
    handle: str
    name: str
    description: str = ""  # HTML or plain text, as found
    summary: str | None = None  # None: the file does not say
    kind: str = ""
    brand: str = ""
    tags: tuple[str, ...] = ()
    values: tuple[tuple[str, str], ...] = ()  # (attribute, label)
    homes: tuple[Trail, ...] | None = None  # None: the category of its kind
    tax_class: str = ""  # as the file calls it; empty: the file does not say
    published_at: datetime | None = None
    is_published: bool = True
    is_spare: bool = False  # sold by itself only while its variant is no other product's
    variants: tuple[VariantRecord, ...] = ()
    pictures: tuple[PictureRecord, ...] = ()


@dataclass(frozen=True)
class AttributeRecord:
    """What an attribute is called, and its labels in order; `is_facet` None: shared values make it one.

    `position`: its place among the filters, where it is new and the file says one.
    """

    code: str
    name: str
    labels: tuple[str, ...] = ()
    is_facet: bool | None = None
    position: int | None = None


@dataclass(frozen=True)
class CategoryRecord:
    """A category below those before it; without an address one is made of its name."""

    place: Place
    trail: Trail
    slug: str = ""
    is_published: bool = True


@dataclass(frozen=True)
class LinkRecord:
    """Products that a product leads to, by SKU, in order."""

    place: Place
    sku: str
    others: tuple[str, ...]
    kind: Literal["companion", "alternative"]


@dataclass(frozen=True)
class ReviewRecord:
    """What a buyer said of the product of that SKU."""

    place: Place
    external_id: str
    sku: str
    name: str
    rating: int
    title: str
    body: str


@dataclass(frozen=True)
class PageRecord:
    """A page of text; `body` is HTML as found."""

    place: Place
    slug: str
    title: str
    body: str
    is_published: bool = True


@dataclass(frozen=True)
class TaxRateRecord:
    """The rate of a country, or of a region of it, as a fraction."""

    place: Place
    country: str
    rate: Decimal
    region: str = ""


@dataclass
class Reading:
    """Files that have been read: what they hold, and what was wrong with them."""

    source: str = ""  # whose file it is: the beginning of external ids, "magento"
    products: list[ProductRecord] = field(default_factory=list)
    attributes: dict[str, AttributeRecord] = field(default_factory=dict)  # by the name that records use
    categories: list[CategoryRecord] = field(default_factory=list)  # each after those above it
    links: list[LinkRecord] = field(default_factory=list)
    reviews: list[ReviewRecord] = field(default_factory=list)
    pages: list[PageRecord] = field(default_factory=list)
    tax_rates: list[TaxRateRecord] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    counts: dict[str, Counter[str]] = field(default_factory=dict)  # by file: what was found in it
    partly: dict[str, str] = field(default_factory=dict)  # variants that were left out: handle → product's
    unsold: set[str] = field(default_factory=set)  # handles of goods of kinds that no shop of ours sells

    def error(self, place: Place, reason: str, handle: str = "", topic: str = "") -> None:
        """Notes what was left out, and why."""
        self.problems.append(Problem("error", place, handle, reason, topic))

    def warn(self, place: Place, reason: str, handle: str = "", topic: str = "") -> None:
        """Notes what was read otherwise than written."""
        self.problems.append(Problem("warning", place, handle, reason, topic))

    def count(self, file: str, **found: int) -> None:
        """How much was found in a file."""
        self.counts.setdefault(file, Counter()).update(found)

    def errors(self) -> Iterator[Problem]:
        """The errors alone."""
        return (problem for problem in self.problems if problem.level == "error")
