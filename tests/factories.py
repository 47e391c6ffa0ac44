"""Small functions that make what a test needs; every argument has a default that sells."""

import io
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import count, product
from typing import Any, TypeVar

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Model
from django.utils.text import slugify
from PIL import Image as Pixels

from accounts.models import User
from catalog.models import (
    Attribute,
    AttributeValue,
    Availability,
    Category,
    Image,
    Listing,
    Method,
    MethodRate,
    Page,
    Price,
    Product,
    ProductValue,
    Review,
    Stock,
    TaxClass,
    TaxRate,
    Variant,
    VariantOption,
    Zone,
)
from shop.changes import projector

Row = TypeVar("Row", bound=Model)
_number = count(1)

RATES = {"standard": {"DE": "0.19", "GB": "0.20"}, "reduced": {"DE": "0.07", "GB": "0"}}


def make_tax_class(code: str = "standard", rates: Mapping[str, str] | None = None) -> TaxClass:
    """The class of that code, with its rates by country; one that is there keeps those that are not told."""
    tax_class, is_new = _had_or_made(TaxClass, {"name": code.title()}, code=code)
    for country, rate in (rates or (RATES.get(code, {}) if is_new and rates is None else {})).items():
        if is_new:
            TaxRate.objects.create(tax_class=tax_class, country=country, rate=Decimal(rate))
        else:
            TaxRate.objects.update_or_create(
                tax_class=tax_class, country=country, defaults={"rate": Decimal(rate)}
            )
    return tax_class


def make_category(name: str = "Posters", parent: Category | None = None, **fields: Any) -> Category:
    """The category of that name's slug; made if it is not there."""
    slug = fields.pop("slug", slugify(name))
    found = Category.objects.filter(slug=slug).first()
    if found:
        return found
    fields = {"name": name, "slug": slug, **fields}
    if parent is None:
        return Category.objects.add_root(fields)
    return Category.objects.add_child(Category.objects.get(pk=parent.pk), fields)


def make_value(code: str, label: str, *, swatch: str = "") -> AttributeValue:
    """The value of an attribute; both are made if they are not there."""
    kind = Attribute.Kind.SWATCH if swatch else Attribute.Kind.CHOICE
    attribute, _ = _had_or_made(Attribute, {"name": code.title(), "kind": kind}, code=code)
    slug = slugify(label.replace("×", "x")).replace("-x-", "x") or str(next(_number))
    value, _ = _had_or_made(
        AttributeValue, {"label": label, "swatch": swatch}, attribute=attribute, slug=slug
    )
    return value


def make_product(
    name: str = "Autumn hills",
    *,
    price: str | Sequence[str] = "38.00",
    gbp: str | Sequence[str] | None = "",
    stock: int | Sequence[int | None] | None = 10,
    options: Mapping[str, Sequence[str]] | None = None,
    values: Mapping[str, str | Sequence[str]] | None = None,
    category: Category | str | Iterable[Category] | None = None,
    published: bool = True,
    tax: TaxClass | str = "standard",
    sku: str = "",
    **fields: Any,
) -> Product:
    """A product with one variant for each combination of `options`, e.g. {"size": ["30 × 40 cm", "A3"]}.

    `price` (EUR), `gbp` ("" the same figure, None not sold in pounds) and `stock` (None: not counted) are for
    all variants, or one for each. The cards follow with follow_changes().
    """
    number = next(_number)
    fields.setdefault("slug", slugify(name) if not _taken(slugify(name)) else f"{slugify(name)}-{number}")
    tax_class = tax if isinstance(tax, TaxClass) else make_tax_class(tax)
    item = Product.objects.create(name=name, tax_class=tax_class, is_published=published, **fields)
    options = options or {}
    for position, labels in enumerate(product(*options.values())):
        variant = add_variant(
            item,
            price=_of(price, position),
            gbp=_of(gbp, position),
            stock=_of(stock, position),
            sku=f"{sku or f'S{number}'}-{position + 1}",
            position=position,
        )
        for place, (code, label) in enumerate(zip(options, labels, strict=True), 1):
            VariantOption.objects.create(variant=variant, value=make_value(code, label), position=place)
    for code, labels in (values or {}).items():
        for label in [labels] if isinstance(labels, str) else labels:
            ProductValue.objects.create(product=item, value=make_value(code, label))
    if category is not None:
        homes = [category] if isinstance(category, Category | str) else list(category)
        for place, home in enumerate(homes):
            where = make_category(home) if isinstance(home, str) else home
            Listing.objects.create(product=item, category=where, position=place, is_primary=place == 0)
    return item


def add_variant(
    item: Product,
    *,
    price: str | None = "38.00",
    gbp: str | None = "",
    stock: int | None = 10,
    low_at: int = 3,
    includes_tax: bool = True,
    **fields: Any,
) -> Variant:
    """One more variant, with its prices, its stock and the availability that follows from it."""
    free = 10**6 if stock is None else stock
    availability = Availability.OUT if free <= 0 else Availability.LOW if free <= low_at else Availability.IN
    variant = Variant.objects.create(product=item, availability=availability, **fields)
    if price is not None:
        Price.objects.create(
            variant=variant, currency="EUR", amount=Decimal(price), includes_tax=includes_tax
        )
    if gbp is not None and (gbp or price):
        Price.objects.create(
            variant=variant, currency="GBP", amount=Decimal(gbp or price or 0), includes_tax=includes_tax
        )
    Stock.objects.create(variant=variant, on_hand=stock or 0, low_at=low_at, is_tracked=stock is not None)
    return variant


def make_image(item: Product | None = None, *, ready: bool = True, **fields: Any) -> Image:
    """A picture's row without a file; `ready` says its renditions are made."""
    number = next(_number)
    original = fields.setdefault("original", f"originals/{number}.jpg")
    if ready:
        fields.setdefault(
            "renditions",
            {
                "of": original,
                "src": f"/media/renditions/{number}/640.jpg",
                "srcset": {
                    "webp": f"/media/renditions/{number}/640.webp 640w",
                    "jpeg": f"/media/renditions/{number}/640.jpg 640w",
                },
                "mat": "",
            },
        )
    fields = {"alt": f"Picture {number}", "width": 1600, "height": 2000, **fields}
    return Image.objects.create(product=item, **fields)


def picture_file(
    width: int = 60, height: int = 80, format: str = "JPEG", colour: str = "#b93a1c", **options: Any
) -> SimpleUploadedFile:
    """An upload: one colour."""
    mode = "RGBA" if len(colour) == 9 else "RGB"
    held = io.BytesIO()
    Pixels.new(mode, (width, height), colour).save(held, format, **options)
    return SimpleUploadedFile(f"upload.{format.lower()}", held.getvalue(), f"image/{format.lower()}")


def make_sale(amount: str, currency: str = "EUR", **variants: object) -> None:
    """Puts the variants so filtered on sale at that amount."""
    prices = Price.objects.filter(variant__in=Variant.objects.filter(**variants), currency=currency)
    prices.update(sale_amount=Decimal(amount))


def make_review(item: Product, rating: int = 5, **fields: Any) -> Review:
    """A published review."""
    fields = {"name": "Ada", "title": "Lovely", "body": "Heavier than I thought.", **fields}
    return Review.objects.create(product=item, rating=rating, **fields)


def make_page(title: str = "Delivery", **fields: Any) -> Page:
    """A page of text."""
    fields = {"slug": slugify(title), "body": f"<p>{title}</p>", **fields}
    return Page.objects.create(title=title, **fields)


def make_delivery(
    countries: Sequence[str] = ("DE",), *, eur: str = "4.90", gbp: str = "4.50", free_from: str | None = "60"
) -> Method:
    """A zone with one method, priced in both currencies."""
    zone = Zone.objects.create(code=f"zone-{next(_number)}", name="Zone", countries=list(countries))
    method = Method.objects.create(
        zone=zone, name="Standard", carrier="DHL", min_days=2, max_days=4, tax_class=make_tax_class()
    )
    for currency, amount in (("EUR", eur), ("GBP", gbp)):
        MethodRate.objects.create(
            method=method,
            currency=currency,
            amount=Decimal(amount),
            free_from=None if free_from is None else Decimal(free_from),
        )
    return method


def make_user(email: str = "", password: str | None = "correct horse", **fields: Any) -> User:
    """A customer; is_staff=True for the staff."""
    return User.objects.create_user(email or f"ada{next(_number)}@example.test", password, **fields)


def follow_changes() -> None:
    """What the projector and its worker would do by now: cards, availability, sales."""
    projector.drain()


def _had_or_made(model: type[Row], fields: Mapping[str, Any], **key: Any) -> tuple[Row, bool]:
    """As get_or_create, for one process: it needs no savepoint, and most of the tests come here."""
    found = model._default_manager.filter(**key).first()
    return (found, False) if found else (model._default_manager.create(**key, **fields), True)


def _taken(slug: str) -> bool:
    return Product.objects.filter(slug=slug).exists()


def _of(one_or_each: Any, position: int) -> Any:
    """The value for the variant at `position`: texts and numbers are for all."""
    if isinstance(one_or_each, Sequence) and not isinstance(one_or_each, str):
        return one_or_each[position]
    return one_or_each
