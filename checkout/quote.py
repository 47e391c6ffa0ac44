"""What a cart comes to now: its lines at today's prices, the ways to bring it, and the totals of it all."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.utils import timezone

from accounts.models import PostalFields
from catalog import delivery, taxes
from checkout import offers, queries, totals
from checkout.models import Cart
from checkout.offers import Offers
from checkout.queries import LineShown
from checkout.totals import Totals
from shop import markets
from shop.money import Money


class Discount(NamedTuple):
    """One promotion as totals show it; without an amount it makes delivery free."""

    name: str
    code: str
    amount: Money


@dataclass(frozen=True)
class Quote:
    """A cart as pages show it. Before address and method are chosen, delivery is the market's cheapest."""

    lines: tuple[LineShown, ...]
    methods: tuple[delivery.Choice, ...]
    method: delivery.Choice | None
    is_estimate: bool
    delivery_tax_rate: Decimal
    totals: Totals
    offers: Offers

    @property
    def problems(self) -> tuple[LineShown, ...]:
        """The lines that cannot be bought as they stand."""
        return tuple(line for line in self.lines if line.problem)

    @property
    def free_delivery_gap(self) -> Money | None:
        """How much more would make delivery free; None if it is, or never is."""
        if self.method is None or not self.method.price:
            return None
        free_from, gap = self.method.free_from, self.offers.free_delivery_gap
        own = None if free_from is None else free_from - self.totals.subtotal
        return min((more for more in (own, gap) if more is not None), default=None)

    @property
    def discounts(self) -> list[Discount]:
        """What was taken off, by name, in its turn; free delivery is told at the delivery."""
        return [Discount(one.rule.name, one.rule.code, one.amount) for one in self.offers.given]


def of(cart: Cart, now: datetime | None = None) -> Quote:
    """The cart's quote; an address changes the tax within the prices, never the currency."""
    now = now or timezone.now()
    market = markets.get(cart.market)
    country = cart.country or market.country
    lines = queries.lines(cart, country)
    had = [
        line for line in lines if line.availability != "out"
    ]  # the page says so beside what does not count
    goods = Money.sum((line.total for line in had), market.currency)
    methods = delivery.methods(market, country, goods, now) if had else []
    offered = offers.of(cart, had, methods, market.currency, now)
    methods = offered.brought(methods)
    counted = [
        totals.Line(
            line.unit_price,
            line.quantity,
            line.tax_rate,
            key=str(line.variant_id),
            discount=offered.off(line.variant_id),
        )
        for line in had
    ]
    chosen = next((method for method in methods if method.id == cart.method_id), None)
    method = chosen or min(methods, key=lambda method: (method.price, method.latest), default=None)
    bringing, rate = None, taxes.ZERO
    if method is not None:
        rate = taxes.rate_for(method.tax_class_id, country)
        bringing = totals.Delivery(method.price, rate, key=str(method.id))
    return Quote(
        lines=tuple(lines),
        methods=tuple(methods),
        method=method,
        is_estimate=chosen is None or not cart.country,
        delivery_tax_rate=rate,
        totals=totals.compute(counted, bringing, currency=market.currency, terms=_terms(cart, offered)),
        offers=offered,
    )


def _terms(cart: Cart, offered: Offers) -> list[str]:
    """What else the buyer agrees to at the review: who gets it, where, and what it is reduced by."""
    address = (getattr(cart, part.name) for part in PostalFields._meta.fields)
    return [cart.email, *address, *offered.terms]
