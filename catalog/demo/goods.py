"""The shape of what is sold: products, variants, reviews, categories, blocks and pages, as plain data."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from catalog.demo.plan import Art, PicturePlan

WORDING = Path(__file__).parent / "wording"


@lru_cache
def wording(name: str) -> dict[str, Any]:
    return tomllib.loads((WORDING / f"{name}.toml").read_text(encoding="utf-8"))


def slugify(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.replace(" × ", "x")).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


@dataclass(frozen=True)
class ValuePlan:
    label: str
    slug: str
    swatch: str = ""


@dataclass(frozen=True)
class AttributePlan:
    code: str
    name: str
    kind: str  # "choice" or "swatch"
    is_facet: bool
    values: tuple[ValuePlan, ...]

    def value(self, slug: str) -> ValuePlan:
        return next(value for value in self.values if value.slug == slug)


@dataclass(frozen=True)
class VariantPlan:
    """`options` maps attribute codes to value slugs, in the order in which the product offers them."""

    sku: str
    options: dict[str, str]
    price_eur: int
    price_gbp: int
    stock: int
    sale_eur: int | None = None
    sale_gbp: int | None = None
    low_threshold: int = 3


@dataclass(frozen=True)
class Placement:
    """A picture of a product; `shows` names the option values it depicts, if it depicts any in particular."""

    plan: PicturePlan
    alt: str
    shows: dict[str, str] | None = None
    in_scale: bool = False


@dataclass(frozen=True)
class ReviewPlan:
    name: str
    rating: int
    title: str
    body: str
    days_ago: int


@dataclass(frozen=True)
class ProductPlan:
    slug: str
    name: str
    kind: str
    detail: str  # the quiet line under the name: "Print, 30 × 40 cm"
    series: str
    summary: str
    description: str
    care: str
    categories: tuple[str, ...]  # leaf first: the primary one
    attributes: tuple[tuple[str, str], ...]  # (attribute code, value slug); a code may occur more than once
    options: tuple[str, ...]  # attribute codes, in the order of choosing
    variants: tuple[VariantPlan, ...]
    pictures: tuple[Placement, ...]
    reviews: tuple[ReviewPlan, ...]
    published_days_ago: int
    popularity: int
    art: Art
    companions: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True)
class CategoryPlan:
    slug: str
    name: str
    parent: str | None
    description: str
    tile: PicturePlan
    tile_alt: str


@dataclass(frozen=True)
class LinkPlan:
    """`target` is "category:<slug>", "product:<slug>" or "page:<slug>"; `query` follows the question mark."""

    label: str
    target: str
    query: str = ""
    is_primary: bool = False


@dataclass(frozen=True)
class BlockPlan:
    kind: str  # hero, range, cards or story
    title: str = ""
    eyebrow: str = ""
    text: str = ""
    picture: PicturePlan | None = None
    picture_alt: str = ""
    links: tuple[LinkPlan, ...] = ()
    products: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class PagePlan:
    slug: str
    title: str
    group: str  # "help" or "legal": where the footer lists it
    description: str
    html: str


@dataclass(frozen=True)
class Good:
    """One line of the wording files, read but not yet priced, pictured or described."""

    kind: str
    top: str
    name: str
    leaf: str
    art: Art
    mat: str
    marks: tuple[str, ...]
    price: int
    choices: tuple[str, ...]
    more: tuple[Art, ...]
    series: str
    summary: str
    story: str
    place: int = 0
    slug: str = field(default="")

    @property
    def sale(self) -> int:
        """Per cent off, or none."""
        return next((int(mark[4:]) for mark in self.marks if mark.startswith("sale")), 0)
