"""A row of goods as either family of Magento's files tells it, before rows are joined to products."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from catalog.importing.records import Place, Trail

SIMPLE, CONFIGURABLE = "simple", "configurable"
UNSOLD = ("bundle", "grouped", "downloadable", "virtual", "giftcard")


@dataclass(frozen=True)
class Child:
    """A variant that a configurable product names, and what it is: {"size": "XS"}."""

    sku: str
    options: dict[str, str]


@dataclass
class Good:
    """One row. `gallery`: address → label, the first picture first; `links`: kind → SKUs."""

    place: Place
    sku: str
    kind: str
    name: str
    price: Decimal | None
    special: Decimal | None = None
    special_from: datetime | None = None
    special_until: datetime | None = None
    description: str = ""
    summary: str = ""
    quantity: int = 0
    is_tracked: bool = True
    weight_grams: int = 0
    is_online: bool = True
    is_visible: bool = True
    tax_class: str = ""
    url_key: str = ""
    group: str = ""  # the attribute set
    created_at: datetime | None = None
    homes: tuple[Trail, ...] = ()
    values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    gallery: dict[str, str] = field(default_factory=dict)
    children: tuple[Child, ...] = ()
    links: dict[str, tuple[str, ...]] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)  # what its options are called, by code


def unsold(kind: str) -> str:
    """Why goods of this kind are left out."""
    names = {
        "bundle": _("Bundle products are not sold here."),
        "grouped": _("Grouped products are not sold here."),
        "downloadable": _("Downloadable products are not sold here."),
        "virtual": _("Virtual products are not sold here."),
        "giftcard": _("Gift cards are not sold here."),
    }
    return names.get(kind) or _("Products of the kind “%s” are not sold here.") % kind[:40]
