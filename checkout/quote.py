"""What a cart comes to now: its lines at today's prices, the ways to bring it, and the totals of it all."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.utils import timezone

from catalog import delivery, taxes
from catalog.taxes import Taxation
from checkout import offers, queries, totals
from checkout.models import Cart
from checkout.offers import Offers
from checkout.queries import LineShown
from checkout.totals import Totals
from shop import markets
from shop.markets import Market
from shop.money import Money


class Discount(NamedTuple):
    """One promotion as totals show it; without an amount it makes delivery free."""

    name: str
    code: str
    amount: Money


@dataclass(frozen=True)
class Quote:
    """A cart as pages show it. Before address and method are chosen, delivery is the market's cheapest.

    worth: the goods at the prices that the market's pages show, which "free from" speaks of. is_too_heavy:
    some ways go there, and none of them with so much.
    """

    lines: tuple[LineShown, ...]
    methods: tuple[delivery.Choice, ...]
    method: delivery.Choice | None
    is_estimate: bool
    is_too_heavy: bool
    delivery_tax_rate: Decimal
    taxation: Taxation
    worth: Money
    totals: Totals
    offers: Offers

    @property
    def problems(self) -> tuple[LineShown, ...]:
        """The lines that cannot be bought as they stand."""
        return tuple(line for line in self.lines if line.problem)

    @property
    def taxed(self) -> str:
        """How the totals say what the tax is: components/totals.html."""
        if not self.taxation.is_known:
            return "later"
        if self.taxation.is_reverse_charged:
            return "reversed"
        return "included" if self.totals.includes_tax else "on_top"

    @property
    def free_delivery_gap(self) -> Money | None:
        """How much more would make delivery free; None if it is, or never is."""
        if self.method is None or not self.method.price:
            return None
        free_from, gap = self.method.free_from, self.offers.free_delivery_gap
        own = None if free_from is None else free_from - self.worth
        return min((more for more in (own, gap) if more is not None), default=None)

    @property
    def discounts(self) -> list[Discount]:
        """What was taken off, by name, in its turn; free delivery is told at the delivery."""
        return [Discount(one.rule.name, one.rule.code, one.amount) for one in self.offers.given]


def of(cart: Cart, now: datetime | None = None) -> Quote:
    """The cart's quote; an address changes the tax, never the currency, and no price that includes tax."""
    now = now or timezone.now()
    market = markets.get(cart.market)
    country, region = cart.country or market.country, cart.region if cart.country else ""
    taxation = taxes.taxation(market, cart.country, region, cart.vat_number, cart.postcode)
    lines = queries.lines(cart, taxation)
    bought = [line for line in lines if line.availability != "out"]  # the page says what does not count
    worth = Money.sum((line.market_price * line.quantity for line in bought), market.currency)
    grams = sum(line.grams * line.quantity for line in bought)
    methods = _methods(market, country, region, worth, grams, now, taxation) if bought else []
    offered = offers.of(cart, bought, methods, market.currency, now)
    methods = offered.brought(methods)
    counted = [
        totals.Line(
            line.unit_price,
            line.quantity,
            line.tax_rate,
            key=str(line.variant_id),
            discount=offered.off(line.variant_id),
        )
        for line in bought
    ]
    chosen = next((method for method in methods if method.id == cart.method_id), None)
    method = chosen or min(methods, key=lambda method: (method.price, method.latest), default=None)
    bringing, rate = None, taxes.ZERO
    if method is not None:
        rate = taxation.rate(method.tax_class_id)
        bringing = totals.Delivery(method.price, rate, key=str(method.id))
    return Quote(
        lines=tuple(lines),
        methods=tuple(methods),
        method=method,
        is_estimate=chosen is None or not cart.country,
        is_too_heavy=bool(bought and grams and not methods)
        and bool(delivery.methods(market, country, worth, now, region=region)),
        delivery_tax_rate=rate,
        taxation=taxation,
        worth=worth,
        totals=totals.compute(
            counted,
            bringing,
            currency=market.currency,
            includes_tax=taxation.includes_tax,
            terms=_terms(cart, taxation, offered),
        ),
        offers=offered,
    )


def _methods(
    market: Market,
    country: str,
    region: str,
    worth: Money,
    grams: int,
    now: datetime,
    taxation: Taxation,
) -> list[delivery.Choice]:
    """The ways that such goods may take there, at what they cost in this order."""
    found = delivery.methods(market, country, worth, now, region=region, grams=grams)
    return [replace(way, price=taxation.priced(way.price, way.tax_class_id)) for way in found]


def _terms(cart: Cart, taxation: Taxation, offered: Offers) -> list[str]:
    """What else the buyer agrees to at the review: who gets it, where, who accounts for the tax, by what
    it is reduced."""
    accounts = "reverse charge" if taxation.is_reverse_charged else ""
    return [*cart.addressee, accounts, *offered.terms]
