"""What promotions give to a cart now, in words too: what counts, what a voucher lacks, what is near."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalog.delivery import Choice
from catalog.models import Category, Listing
from checkout import codes, customers, promotions, ruleset, scopes
from checkout.models import Cart, Voucher, VoucherCustomer
from checkout.promotions import Given, Outcome, Reason, Refused, Rule
from checkout.queries import LineShown
from shop import markets
from shop.markets import Market
from shop.money import Money


@dataclass(frozen=True)
class VoucherShown:
    """The cart's voucher: `problem` says why it gives nothing now, "" if it counts.

    `is_over`: nothing that the buyer does changes that.
    """

    code: str
    problem: str = ""
    is_over: bool = False
    voucher: Voucher | None = None


@dataclass(frozen=True)
class Near:
    """A promotion that this cart almost has."""

    refused: Refused
    market: Market

    @property
    def text(self) -> str:
        """What is missing, with links to the goods; looked up by who shows it, not by who places an order."""
        rule, missing, pieces = self.refused.rule, self.refused.missing, self.refused.pieces
        if missing:
            return _("%(amount)s more for “%(name)s”.") % {"amount": missing.format(), "name": rule.name}
        told = ngettext(
            "{number} more of {goods} for “{name}”.", "{number} more of {goods} for “{name}”.", pieces
        )
        return format_html(told, number=pieces, goods=scopes.words(rule, self.market), name=rule.name)


@dataclass(frozen=True)
class Offers:
    """What a quote knows of promotions."""

    outcome: Outcome
    voucher: VoucherShown | None
    near: Near | None
    free_delivery_gap: Money | None  # how much more would make a promotion free delivery

    def off(self, variant_id: int) -> Money | None:
        """What is taken off that variant's line."""
        return self.outcome.off.get(str(variant_id))

    @property
    def given(self) -> tuple[Given, ...]:
        return self.outcome.given

    @property
    def hang_on_customer(self) -> bool:
        """Whether somebody else's cart with the same goods may have others."""
        voucher = self.voucher.voucher if self.voucher else None
        rules = [one.rule for one in self.given] + [one.rule for one in self.outcome.refused]
        return bool(voucher and voucher.limit_each) or any(rule.is_for_first_order for rule in rules)

    @property
    def terms(self) -> list[str]:
        """What the buyer agrees to of them: a use of a voucher, too."""
        return [f"{one.rule.id}:{one.rule.code}:{one.amount.amount}" for one in self.given]

    def brought(self, methods: Sequence[Choice]) -> list[Choice]:
        """The ways to deliver: with free delivery the cheapest is free, the others keep their price."""
        cheapest = min((method.price for method in methods), default=None)
        if cheapest is None or not self.outcome.frees_delivery:
            return list(methods)
        free = Money.zero(cheapest.currency)
        return [replace(m, price=free) if m.price == cheapest else m for m in methods]


def of(
    cart: Cart, lines: Sequence[LineShown], methods: Sequence[Choice], currency: str, now: datetime
) -> Offers:
    """What this cart has of promotions; `lines` are those that can be had."""
    known, market = ruleset.rules(), markets.get(cart.market)
    rules = [rule for rule in known.values() if not rule.needs_code and rule.runs(now)]
    shown, own = _voucher(cart, known, now)
    if own is not None:
        rules = [rule for rule in rules if rule.id != own.id]  # its own voucher gives it no second time
        rules.append(own)
    counted = _counted(lines, rules)
    cheapest = min((method.price for method in methods), default=None)
    is_first = not any(rule.is_for_first_order for rule in rules) or not customers.has_ordered(
        cart.user_id, cart.email
    )
    outcome = promotions.apply(counted, rules, currency=currency, delivery=cheapest, is_first_order=is_first)
    if own is not None and shown is not None:
        lacking = next((one for one in outcome.refused if one.rule.id == own.id), None)
        is_over = lacking is not None and lacking.reason is Reason.FIRST
        shown = replace(shown, problem=_lacks(lacking, market) if lacking and lines else "", is_over=is_over)
    return Offers(outcome, shown, _near(outcome, market), _free_delivery_gap(outcome))


def _counted(lines: Iterable[LineShown], rules: Iterable[Rule]) -> list[promotions.Line]:
    """The lines as the engine counts them; categories are asked for only if a rule speaks of some."""
    lines = list(lines)
    is_asked = any(rule.category_ids or rule.without for rule in rules)
    places = categories_of({line.product_id for line in lines}) if is_asked else {}
    return [
        promotions.Line(
            key=str(line.variant_id),
            unit=line.unit_price,
            quantity=line.quantity,
            product_id=line.product_id,
            category_ids=places.get(line.product_id, frozenset()),
            is_reduced=line.list_price is not None,
        )
        for line in lines
    ]


def categories_of(product_ids: set[int]) -> Mapping[int, frozenset[int]]:
    """The categories that each product stands in, and all above these."""
    step, paths = Category.steplen, defaultdict[int, set[str]](set)
    found = Listing.objects.filter(product__in=product_ids).order_by()
    for product_id, path in found.values_list("product_id", "category__path"):
        paths[product_id] |= {path[:length] for length in range(step, len(path) + 1, step)}
    wanted = set().union(*paths.values())
    ids = dict(Category.objects.filter(path__in=wanted).order_by().values_list("path", "pk"))
    return {
        product_id: frozenset(ids[path] for path in own if path in ids) for product_id, own in paths.items()
    }


# --- The voucher -----------------------------------------------------------------------------------------


def _voucher(cart: Cart, known: Mapping[int, Rule], now: datetime) -> tuple[VoucherShown | None, Rule | None]:
    """The cart's voucher, and its rule if it may count."""
    if not cart.voucher_code:
        return None, None
    voucher = Voucher.objects.filter(folded=codes.folded(cart.voucher_code)).first()
    rule = known.get(voucher.promotion_id) if voucher is not None and voucher.is_active else None
    if voucher is None or rule is None:
        return VoucherShown(cart.voucher_code, _("We know no such code."), is_over=True), None
    shown = VoucherShown(voucher.code, voucher=voucher)
    if rule.starts_at is not None and now < rule.starts_at:
        text = _("This code counts from %(day)s on.") % {"day": _day(rule.starts_at)}
        return replace(shown, problem=text), None
    if not rule.runs(now):
        assert rule.ends_at is not None
        text = _("This code was good until %(day)s.") % {"day": _day(rule.ends_at)}
        return replace(shown, problem=text, is_over=True), None
    if voucher.limit is not None and voucher.used >= voucher.limit:
        return replace(shown, problem=_("This code has been used up."), is_over=True), None
    if voucher.limit_each is not None and _used_by(voucher, customers.keys(cart.user_id, cart.email)):
        return replace(shown, problem=_used_often(voucher.limit_each), is_over=True), None
    return shown, replace(rule, code=voucher.code)


def _used_by(voucher: Voucher, customer: Sequence[str]) -> bool:
    used = VoucherCustomer.objects.filter(voucher=voucher, key__in=customer)
    return used.filter(used__gte=voucher.limit_each or 0).exists()


def _used_often(limit: int) -> str:
    text = ngettext(
        "You have used this code already: it is good for one order.",
        "You have used this code already: it is good for %(number)d orders.",
        limit,
    )
    return text % {"number": limit}


def withdrawn(before: Offers, now: Offers) -> list[str]:
    """What this cart had, and has no longer since it is known whose it is: why, in words."""
    had = {one.rule.id for one in before.given}
    told = []
    if now.voucher and now.voucher.is_over and any(one.rule.code for one in before.given):
        told.append(f"{now.voucher.code}: {now.voucher.problem}")
    text = _("“%(name)s” is for a first order, and you have ordered here before.")
    return told + [
        text % {"name": one.rule.name}
        for one in now.outcome.refused
        if one.reason is Reason.FIRST and not one.rule.code and one.rule.id in had
    ]


def _lacks(refused: Refused, market: Market) -> str:
    """What the buyer can do, or why nothing helps."""
    if refused.reason is Reason.MINIMUM:
        text = _("%(amount)s more and this code counts.")
        return text % {"amount": (refused.missing or Money.zero("EUR")).format()}
    if refused.reason is Reason.PIECES:
        text = ngettext(
            "%(number)d more of %(goods)s and this code counts.",
            "%(number)d more of %(goods)s and this code counts.",
            refused.pieces,
        )
        return text % {"number": refused.pieces, "goods": scopes.plain(refused.rule, market)}
    if refused.reason is Reason.STACKED:
        return _("This code does not go together with “%(name)s”.") % {"name": refused.beside}
    texts = {
        Reason.FIRST: _("This code is for a first order, and you have ordered here before."),
        Reason.CURRENCY: _("This code is not for this market."),
        Reason.GOODS: _("This code is for other goods than those in your cart."),
        Reason.REDUCED: _("This code is not for goods that are reduced already."),
    }
    is_delivery = refused.rule.kind == promotions.DELIVERY
    nothing = _("Delivery is free already.") if is_delivery else _("There is nothing left to take off.")
    return texts.get(refused.reason, nothing)


def _day(at: datetime) -> str:
    return date_format(timezone.localtime(at), "DATE_FORMAT")


# --- What is near ----------------------------------------------------------------------------------------


def _near(outcome: Outcome, market: Market) -> Near | None:
    """The promotion that takes the least to have, of those that come by themselves; none that is far off."""
    reachable = _reachable(outcome)
    missing = [one for one in reachable if one.is_near and one.rule.kind != promotions.DELIVERY]
    few = [one for one in reachable if one.reason is Reason.PIECES]
    by_money = min(missing, key=lambda one: (one.missing, one.rule.turn), default=None)
    nearest = by_money or min(few, key=lambda one: (one.pieces, one.rule.turn), default=None)
    return Near(nearest, market) if nearest else None


def _free_delivery_gap(outcome: Outcome) -> Money | None:
    gaps = (one.missing for one in _reachable(outcome) if one.rule.kind == promotions.DELIVERY)
    return min((gap for gap in gaps if gap), default=None)


def _reachable(outcome: Outcome) -> list[Refused]:
    """What more goods would bring; nothing that a voucher gives, or that would not count beside the rest."""
    return [
        one for one in outcome.refused if one.reason in {Reason.MINIMUM, Reason.PIECES} and not one.rule.code
    ]
