"""load(): the planned goods become rows. Cards and availability follow as for any other import."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from catalog.demo import catalogue, places
from catalog.demo.goods import LinkPlan, ProductPlan
from catalog.demo.plan import PicturePlan
from catalog.models import (
    Attribute,
    AttributeValue,
    Block,
    Category,
    Image,
    Listing,
    Page,
    Price,
    Product,
    ProductLink,
    ProductValue,
    Review,
    Sale,
    Stock,
    StockMovement,
    TaxClass,
    Variant,
    VariantOption,
)

LINKS = {"companions": ProductLink.Kind.COMPANION, "alternatives": ProductLink.Kind.ALTERNATIVE}


def is_loaded() -> bool:
    """The demo's goods are there."""
    return Product.objects.filter(external_id__startswith="demo:").exists()


@transaction.atomic
def load() -> int:
    """Writes the whole demo shop; how many products. Their pictures are planned, not drawn."""
    classes = places.taxes()
    places.delivery(classes["standard"])
    values = _attributes()
    categories = _categories()
    plans = catalogue.products()
    products = _products(plans, classes)
    _variants(plans, products, values)
    _around(plans, products, values, categories)
    _content()
    return len(products)


def _attributes() -> dict[tuple[str, str], AttributeValue]:
    values = {}
    for place, plan in enumerate(catalogue.attributes()):
        attribute = Attribute.objects.create(
            code=plan.code, name=plan.name, kind=plan.kind, is_facet=plan.is_facet, position=place
        )
        made = AttributeValue.objects.bulk_create(
            AttributeValue(
                attribute=attribute,
                slug=value.slug,
                label=value.label,
                swatch=value.swatch,
                position=position,
            )
            for position, value in enumerate(plan.values)
        )
        values.update({(plan.code, value.slug): value for value in made})
    return values


def _categories() -> dict[str, Category]:
    made: dict[str, Category] = {}
    for plan in catalogue.categories():
        fields: dict[str, Any] = {
            "name": plan.name,
            "slug": plan.slug,
            "description": plan.description,
            "image": _planned(plan.tile, plan.tile_alt),
        }
        if plan.parent:
            parent = Category.objects.get(slug=plan.parent)  # anew: it counts its children
            made[plan.slug] = Category.objects.add_child(parent, fields)
        else:
            made[plan.slug] = Category.objects.add_root(fields)
    return made


def _products(plans: tuple[ProductPlan, ...], classes: Mapping[str, TaxClass]) -> dict[str, Product]:
    now = timezone.now()
    made = Product.objects.bulk_create(
        Product(
            name=plan.name,
            slug=plan.slug,
            kind=plan.kind,
            series=plan.series,
            summary=plan.summary,
            description=plan.description,
            care=plan.care,
            tax_class=classes["reduced" if plan.kind == "Book" else "standard"],
            is_published=True,
            published_at=now - timedelta(days=plan.published_days_ago),
            popularity=plan.popularity,
            external_id=f"demo:{plan.slug}",
        )
        for plan in plans
    )
    return {product.slug: product for product in made}


def _variants(
    plans: tuple[ProductPlan, ...],
    products: Mapping[str, Product],
    values: Mapping[tuple[str, str], AttributeValue],
) -> None:
    planned = [(plan, place, each) for plan in plans for place, each in enumerate(plan.variants)]
    made = Variant.objects.bulk_create(
        Variant(product=products[plan.slug], sku=each.sku, position=place) for plan, place, each in planned
    )
    VariantOption.objects.bulk_create(
        VariantOption(
            variant=variant, value=values[code, each.options[code]], position=plan.options.index(code) + 1
        )
        for variant, (plan, _, each) in zip(made, planned, strict=True)
        for code in each.options
    )
    Stock.objects.bulk_create(
        Stock(variant=variant, on_hand=each.stock, low_at=each.low_threshold)
        for variant, (_, _, each) in zip(made, planned, strict=True)
    )
    StockMovement.objects.bulk_create(
        StockMovement(variant=variant, kind=StockMovement.Kind.RECEIVED, on_hand_change=each.stock)
        for variant, (_, _, each) in zip(made, planned, strict=True)
        if each.stock
    )
    priced = [
        (Price(variant=variant, currency=currency, amount=amount), sale)
        for variant, (_, _, each) in zip(made, planned, strict=True)
        for currency, amount, sale in (
            ("EUR", each.price_eur, each.sale_eur),
            ("GBP", each.price_gbp, each.sale_gbp),
        )
    ]
    prices = Price.objects.bulk_create([price for price, _ in priced])
    Sale.objects.bulk_create(
        Sale(price=price, amount=sale, starts_at=timezone.now())
        for price, (_, sale) in zip(prices, priced, strict=True)
        if sale is not None
    )


def _around(
    plans: tuple[ProductPlan, ...],
    products: Mapping[str, Product],
    values: Mapping[tuple[str, str], AttributeValue],
    categories: Mapping[str, Category],
) -> None:
    """Places in the tree, values, pictures, reviews and links."""
    now = timezone.now()
    Listing.objects.bulk_create(
        # Its ancestors list it by themselves: the first is its home, others would say it twice.
        Listing(
            category=categories[plan.categories[0]], product=products[plan.slug], position=n, is_primary=True
        )
        for n, plan in enumerate(plans)
    )
    ProductValue.objects.bulk_create(
        ProductValue(product=products[plan.slug], value=values[code, slug])
        for plan in plans
        for code, slug in dict.fromkeys(plan.attributes)
    )
    Image.objects.bulk_create(
        Image(
            product=products[plan.slug],
            alt=shown.alt,
            position=place,
            shows=shown.shows or {},
            **_drawing(shown.plan),
        )
        for plan in plans
        for place, shown in enumerate(plan.pictures)
    )
    Review.objects.bulk_create(
        Review(
            product=products[plan.slug],
            name=said.name,
            rating=said.rating,
            title=said.title,
            body=said.body,
            created_at=now - timedelta(days=said.days_ago),
        )
        for plan in plans
        for said in plan.reviews
    )
    ProductLink.objects.bulk_create(
        ProductLink(product=products[plan.slug], other=products[other], kind=kind, position=place)
        for plan in plans
        for field, kind in LINKS.items()
        for place, other in enumerate(getattr(plan, field))
    )


def _content() -> None:
    for place, plan in enumerate(catalogue.blocks()):
        Block.objects.create(
            kind=plan.kind,
            position=place,
            eyebrow=plan.eyebrow,
            title=plan.title,
            text=plan.text,
            image=_planned(plan.picture, plan.picture_alt) if plan.picture else None,
            links=[_link(link) for link in plan.links],
            facts=[{"figure": figure, "label": label} for figure, label in plan.facts],
            goods={"slugs": list(plan.products)} if plan.products else {},
        )
    for place, page in enumerate(catalogue.pages()):
        Page.objects.create(
            slug=page.slug,
            title=page.title,
            group=page.group,
            summary=page.description,
            body=page.html,
            position=place,
        )


def _link(plan: LinkPlan) -> dict[str, Any]:
    kind, _, slug = plan.target.partition(":")
    folder = {"category": "c", "product": "p", "page": "info"}[kind]
    path = f"/{folder}/{slug}/" + (f"?{plan.query}" if plan.query else "")
    return {"label": plan.label, "path": path, "primary": plan.is_primary}


def _planned(plan: PicturePlan, alt: str) -> Image:
    return Image.objects.create(alt=alt, **_drawing(plan))


def _drawing(plan: PicturePlan) -> dict[str, Any]:
    """A picture that is not drawn yet: its place is a mat."""
    width, height = plan.option("width", 1920), plan.option("height", 2400)
    return {"drawing": plan.to_dict(), "mat": plan.mat, "width": width, "height": height}
