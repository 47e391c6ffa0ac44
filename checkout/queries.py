"""What the cart and the checkout read: lines as they are now, what a form means, where things can be sent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import BigIntegerField, Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts import queries as accounts
from accounts.models import PostalFields, User
from catalog import delivery, pricing, stock
from catalog.models import Price, Product, Variant, VariantOption
from catalog.queries import pictures
from catalog.queries.products import WITHOUT
from catalog.taxes import Taxation
from checkout.models import Cart, CartLine
from orders.models import Order
from shop import markets, places
from shop.markets import Market
from shop.money import Money
from shop.prepared import AnyOf, Param, Prepared, hold


@dataclass(frozen=True)
class LineShown:
    """A line of the cart at today's price; `problem` says why it cannot be bought as it stands.

    unit_price: with tax or without, as the order will count it. market_price: as the market's pages show it.
    """

    id: int
    variant_id: int
    product_id: int
    name: str
    options: str
    sku: str
    slug: str
    url: str | None
    picture: Mapping[str, Any]
    quantity: int
    unit_price: Money
    list_price: Money | None
    market_price: Money
    grams: int
    tax_rate: Decimal
    availability: str
    problem: str | None

    @property
    def total(self) -> Money:
        return self.unit_price * self.quantity


# One statement by one number, which the server plans once: what a list of ids finds it plans each time.
_CART = Prepared(
    lambda: (
        CartLine.objects.filter(cart=Param("cart", BigIntegerField()))
        .select_related("variant__product__tax_class", "variant__stock")
        .order_by("pk")
    )
)
_PRICES = Prepared(
    lambda: Price.objects.filter(AnyOf("variant_id", Param("ids")), currency=Param("currency")).order_by()
)
_OPTIONS = Prepared(
    lambda: (
        VariantOption.objects.filter(AnyOf("variant_id", Param("ids")))
        .select_related("value")
        .order_by("position")
    )
)


def lines(cart: Cart, taxation: Taxation) -> list[LineShown]:
    """The cart's lines, priced and taxed so, in a fixed number of queries."""
    market = markets.get(cart.market)
    held = _CART.rows(cart=cart.pk)
    variants = [line.variant for line in held]
    _complete(variants, market)
    shown = pictures.of_variants(variants)
    return [_line(line, line.variant, market, taxation, shown.get(line.variant_id)) for line in held]


def _complete(variants: Sequence[Variant], market: Market) -> None:
    """With what stands in a cart of them: prices of that market's currency, and options."""
    if not variants:
        return
    ids = [variant.pk for variant in variants]
    prices = _by_variant(_PRICES.rows(ids=ids, currency=market.currency))
    options = _by_variant(_OPTIONS.rows(ids=ids))
    for variant in variants:
        hold(variant, "prices", prices.get(variant.pk, []))
        hold(variant, "options", options.get(variant.pk, []))


def _by_variant(rows: Iterable[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.variant_id, []).append(row)
    return found


def _line(
    line: CartLine,
    variant: Variant,
    market: Market,
    taxation: Taxation,
    picture: Mapping[str, Any] | None,
) -> LineShown:
    product = variant.product
    price = pricing.price_of(variant, market, taxation.home, with_tax=taxation.includes_tax)
    told = pricing.price_of(variant, market, taxation.home)
    shelf = getattr(variant, "stock", None)
    left, low_at = stock.free_of(shelf), shelf.low_at if shelf else 0
    is_offered = price is not None and variant.is_active and product.is_published
    problem = None
    if not is_offered:
        problem = _("No longer for sale")
    elif left == 0:
        problem = _("Sold out")
    elif left < line.quantity:
        problem = _("Only %(left)d left") % {"left": left}
    return LineShown(
        id=line.pk,
        variant_id=variant.pk,
        product_id=product.pk,
        name=product.name,
        options=", ".join(option.value.label for option in variant.options.all()),
        sku=variant.sku or "",
        slug=product.slug,
        url=markets.url(market, "catalog:product", product.slug) if product.is_published else None,
        picture=picture or {**NO_PICTURE, "alt": product.name},
        quantity=line.quantity,
        unit_price=price.price if price else Money.zero(market.currency),
        list_price=price.list_price if price else None,
        market_price=told.price if told else Money.zero(market.currency),
        grams=variant.weight_grams,
        tax_rate=taxation.rate(product.tax_class_id),
        availability="out" if left == 0 or not is_offered else "low" if left <= low_at else "in",
        problem=problem,
    )


NO_PICTURE: Mapping[str, Any] = {"alt": "", "width": 0, "height": 0, "src": None, "srcset": {}, "mat": ""}


def is_sold(variant_id: int, market: Market) -> bool:
    """Whether the market offers it: published, active, priced in its currency."""
    return Variant.objects.filter(
        pk=variant_id, is_active=True, product__is_published=True, prices__currency=market.currency
    ).exists()


def names(variant_ids: Sequence[int]) -> list[str]:
    """The products' names, in that order, each once."""
    found = dict(Variant.objects.filter(pk__in=variant_ids).values_list("pk", "product__name"))
    return list(dict.fromkeys(found[pk] for pk in variant_ids if pk in found))


def product(product_id: int | None, variant_id: int | None) -> Product | None:
    """The published product that an add form is about."""
    if product_id is not None:
        return Product.objects.filter(pk=product_id, is_published=True).first()
    return Product.objects.filter(variants=variant_id, is_published=True).first() if variant_id else None


def meant(product: Product, variant_id: int | None, chosen: Mapping[str, str]) -> list[int]:
    """The active variants that an add form can mean: the options chosen decide, else the variant named.

    More than one: something was not chosen. None: the combination does not exist.
    """
    options: dict[int, dict[str, str]] = {
        pk: {} for pk in Variant.objects.filter(product=product, is_active=True).values_list("pk", flat=True)
    }
    for pk, code, slug in VariantOption.objects.filter(variant__in=options).values_list(
        "variant_id", "value__attribute__code", "value__slug"
    ):
        options[pk][code] = slug
    codes = {code for own in options.values() for code in own}
    options = {pk: {**dict.fromkeys(codes, WITHOUT), **own} for pk, own in options.items()}
    wanted = {code: slug for code, slug in chosen.items() if code in codes}
    if not wanted and variant_id is not None:
        return [variant_id] if variant_id in options else []
    return [pk for pk, own in options.items() if wanted.items() <= own.items()]


def countries(market: Market) -> list[tuple[str, str]]:
    """Where the market sends to: code and name in the visitor's language, its own country first."""
    return _named(delivery.countries(market), market.country)


def destinations() -> list[tuple[str, str]]:
    """Where any market sends to: what the address book offers."""
    codes = {code for market in markets.all() for code in delivery.countries(market)}
    return _named(codes, markets.current().country)


def _named(codes: Iterable[str], first: str) -> list[tuple[str, str]]:
    named = [(code, places.country_name(code)) for code in codes]
    return sorted(named, key=lambda pair: (pair[0] != first, pair[1]))


@dataclass(frozen=True)
class SavedAddress:
    """An address of the customer's book, as the form shows it and as it would be filled in."""

    label: str
    hint: str
    parts: Mapping[str, str]
    vat_number: str  # that its company gave with the last order there


def saved_addresses(user: User, countries: Mapping[str, str]) -> dict[str, SavedAddress]:
    """The address book by the value that a form posts, the one to suggest first; what we deliver to only."""
    found, numbers = {}, _vat_numbers(user)
    for kept in accounts.addresses(user).filter(country__in=list(countries)):
        name, *rest = accounts.address_lines(kept)
        parts = {part.name: getattr(kept, part.name) for part in PostalFields._meta.fields}
        number = numbers.get((kept.company, kept.country), "")
        found[str(kept.pk)] = SavedAddress(name, ", ".join(rest), parts, number)
    return found


def _vat_numbers(user: User) -> dict[tuple[str, str], str]:
    """The VAT numbers of a customer's latest orders, by company and country."""
    given = Order.objects.filter(customer=user).order_by("placed_at", "id")
    latest = given.reverse().values_list("company", "country", "vat_number")[:50]
    return {(company, country): number for company, country, number in reversed(latest) if number}


def known_address(user: User) -> dict[str, str]:
    """What the address form is filled with for a customer: the last order's address, else the account's."""
    order = Order.objects.filter(customer=user).order_by("-placed_at", "-id").first()
    last: PostalFields | None = order or accounts.last_address(user)
    if last is None:
        return {"name": user.name} if user.name else {}
    known = {part.name: getattr(last, part.name) for part in PostalFields._meta.fields}
    return {**known, "vat_number": order.vat_number if order else ""}


_PLACED = Prepared(lambda: Order.objects.filter(placement_key=Param("key")))


def placed_order(placement_key: str) -> Order | None:
    """The order that a round of a cart has become."""
    found: Order | None = _PLACED.first(key=placement_key)
    return found


def unpaid_with(variant_id: int, user: User | None, placed: int | None) -> Order | None:
    """The latest order of that account, or the browser's own, if it is not paid and holds that variant."""
    return _unpaid(user, placed).filter(lines__variant_id=variant_id).first()


def unpaid_in_time(user: User | None, placed: int | None) -> list[Order]:
    """The latest of them whose goods are still kept, with their payments."""
    return list(_unpaid(user, placed).filter(reserved_until__gt=Now()).prefetch_related("payments")[:5])


def _unpaid(user: User | None, placed: int | None) -> QuerySet[Order]:
    own = Q(pk=placed)
    if user is not None:
        own |= Q(customer=user)
    return Order.objects.filter(own, status=Order.Status.PLACED).order_by("-placed_at")
