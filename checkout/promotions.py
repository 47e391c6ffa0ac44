"""What a cart's promotions take off: lines and rules in, shares out. Pure, without a database.

How rules stack (docs/decisions/0016):

- They have their turn by priority, the smallest number first; of equal ones a voucher's, then the oldest.
- Each sees what those before it have left of a line: 20 % after 10 % is 28 %. No line falls below zero.
- "Alone" counts only where nothing was given before it; after it, and after a "last" one, nothing else.
- A rule that would give nothing has not been given: it keeps no other out.
- A minimum is measured on all goods of the cart at their prices, before any promotion.
- Each rule counts once, and a cart has one voucher.
- Who has ordered before gets none that is for a first order.

Shares are by largest remainder (`Money.allocate`), over lines in the order of their keys: how a cart is
sorted changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Enum

from shop.money import Money

PERCENT, AMOUNT, EACH, BONUS, DELIVERY = "percent", "amount", "each", "bonus", "delivery"
TOGETHER, LAST, ALONE = "together", "last", "alone"
HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Line:
    """So many pieces of one thing; `key` tells lines apart, `category_ids` has those above its own too."""

    key: str
    unit: Money
    quantity: int
    product_id: int = 0
    category_ids: frozenset[int] = frozenset()
    is_reduced: bool = False

    @property
    def full(self) -> Money:
        return self.unit * self.quantity


@dataclass(frozen=True)
class Terms:
    """What a rule comes to in one currency: the amount off, and what the goods must be worth."""

    amount: Decimal | None = None
    minimum: Decimal = Decimal(0)


@dataclass(frozen=True)
class Rule:
    """A promotion as it counts now; `code` is that of the voucher that brought it."""

    id: int
    name: str
    kind: str
    percent: Decimal = Decimal(0)
    buy: int = 0
    free: int = 0
    terms: Mapping[str, Terms] = field(default_factory=dict)  # by currency; none: every one, no minimum
    is_for_all: bool = True
    category_ids: frozenset[int] = frozenset()
    product_ids: frozenset[int] = frozenset()
    without: frozenset[int] = frozenset()  # categories
    takes_reduced: bool = True
    priority: int = 10
    stacking: str = TOGETHER
    needs_code: bool = False
    is_for_first_order: bool = False
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    code: str = ""

    def runs(self, now: datetime) -> bool:
        """Whether its time has come and is not over."""
        return (self.starts_at is None or self.starts_at <= now) and (
            self.ends_at is None or now < self.ends_at
        )

    def names(self, line: Line) -> bool:
        """Whether the line is among the goods it is for, reduced or not."""
        if line.category_ids & self.without:
            return False
        return (
            self.is_for_all
            or line.product_id in self.product_ids
            or bool(line.category_ids & self.category_ids)
        )

    def takes(self, line: Line) -> bool:
        """Whether it lowers this line."""
        return self.names(line) and (self.takes_reduced or not line.is_reduced)

    @property
    def turn(self) -> tuple[int, bool, int]:
        return self.priority, not self.code, self.id


class Reason(Enum):
    """Why a rule gives nothing to this cart."""

    CURRENCY = "currency"  # not in this one
    FIRST = "first"  # it is for first orders, and this is none
    MINIMUM = "minimum"  # `missing` more goods
    GOODS = "goods"  # nothing it is for
    REDUCED = "reduced"  # only reduced goods, which it leaves
    PIECES = "pieces"  # `pieces` more of what it is for
    STACKED = "stacked"  # `beside` keeps it out
    NOTHING = "nothing"  # there is nothing left to take off


@dataclass(frozen=True)
class Refused:
    """A rule that gives nothing, and why."""

    rule: Rule
    reason: Reason
    missing: Money | None = None
    is_near: bool = False  # at least half of the minimum is there
    pieces: int = 0
    beside: str = ""


@dataclass(frozen=True)
class Given:
    """A rule that counts: its amount is the sum of its shares, by the keys of lines."""

    rule: Rule
    amount: Money
    shares: Mapping[str, Money]

    @property
    def frees_delivery(self) -> bool:
        return self.rule.kind == DELIVERY


@dataclass(frozen=True)
class Outcome:
    """What counts, in its turn; what does not; and what is taken off each line by all of it."""

    given: tuple[Given, ...]
    refused: tuple[Refused, ...]
    off: Mapping[str, Money]

    @property
    def frees_delivery(self) -> bool:
        return any(one.frees_delivery for one in self.given)


def apply(
    lines: Iterable[Line],
    rules: Iterable[Rule],
    *,
    currency: str,
    delivery: Money | None = None,
    is_first_order: bool = True,
) -> Outcome:
    """What these rules give to these lines. delivery: what the cheapest way costs, None if not known.

    is_first_order: as far as is known of whose cart it is. Two lines with one key are a mistake: ValueError.
    """
    ordered = sorted(lines, key=lambda line: (len(line.key), line.key))
    if len({line.key for line in ordered}) < len(ordered):
        raise ValueError("two lines have one key")
    left = {line.key: line.full for line in ordered}
    goods = Money.sum(left.values(), currency)
    given, refused = list[Given](), list[Refused]()
    once = {rule.id: rule for rule in sorted(rules, key=lambda rule: rule.turn, reverse=True)}
    for rule in sorted(once.values(), key=lambda rule: rule.turn):
        is_free = any(one.frees_delivery for one in given) or (delivery is not None and not delivery)
        found = _refusal(rule, ordered, goods, given, is_first_order) or _give(
            rule, ordered, left, currency, is_free
        )
        if isinstance(found, Refused):
            refused.append(found)
            continue
        given.append(found)
        for key, share in found.shares.items():
            left[key] -= share
    off = {line.key: line.full - left[line.key] for line in ordered}
    return Outcome(tuple(given), tuple(refused), off)


def _refusal(
    rule: Rule, lines: Sequence[Line], goods: Money, given: Sequence[Given], is_first_order: bool
) -> Refused | None:
    """What the cart, or who has it, lacks for it."""
    if rule.is_for_first_order and not is_first_order:
        return Refused(rule, Reason.FIRST)
    if rule.terms and goods.currency not in rule.terms:
        return Refused(rule, Reason.CURRENCY)
    if not any(rule.takes(line) for line in lines):
        is_reduced = any(rule.names(line) for line in lines)
        return Refused(rule, Reason.REDUCED if is_reduced else Reason.GOODS)
    closing = next((one.rule for one in given if one.rule.stacking != TOGETHER), None)
    beside = closing or (given[0].rule if given and rule.stacking == ALONE else None)
    if beside is not None:
        return Refused(rule, Reason.STACKED, beside=beside.name)
    minimum = Money(_terms(rule, goods.currency).minimum, goods.currency)
    if goods < minimum:
        return Refused(rule, Reason.MINIMUM, missing=minimum - goods, is_near=goods * 2 >= minimum)
    return None


def _terms(rule: Rule, currency: str) -> Terms:
    return rule.terms.get(currency) or Terms()


def _amount(rule: Rule, currency: str) -> Money:
    return Money(_terms(rule, currency).amount or Decimal(0), currency).rounded()


def _give(
    rule: Rule, lines: Sequence[Line], left: Mapping[str, Money], currency: str, is_free: bool
) -> Given | Refused:
    """What it takes off what is left, or that there is nothing to take."""
    zero = Money.zero(currency)
    if rule.kind == DELIVERY:
        return Refused(rule, Reason.NOTHING) if is_free else Given(rule, zero, {})
    mine = [line for line in lines if rule.takes(line)]
    if rule.kind == BONUS:
        lacking = rule.buy + rule.free - sum(line.quantity for line in mine)
        if lacking > 0:
            return Refused(rule, Reason.PIECES, pieces=lacking)
        shares = _cheapest(rule, mine, left)
    elif rule.kind == EACH:
        each = _amount(rule, currency)
        shares = {line.key: min(each * line.quantity, left[line.key]) for line in mine}
    else:
        total = Money.sum((left[line.key] for line in mine), currency)
        if rule.kind == PERCENT:
            wanted = (total * (rule.percent / HUNDRED)).rounded()
        else:
            wanted = _amount(rule, currency)
        parts = min(wanted, total).allocate([left[line.key].amount for line in mine])
        shares = dict(zip((line.key for line in mine), parts, strict=True))
    shares = {key: share for key, share in shares.items() if share}
    amount = Money.sum(shares.values(), currency)
    return Given(rule, amount, shares) if amount else Refused(rule, Reason.NOTHING)


def _cheapest(rule: Rule, lines: Sequence[Line], left: Mapping[str, Money]) -> dict[str, Money]:
    """Of every `buy` + `free` pieces, whatever of the goods they are, the `free` cheapest cost nothing."""
    pieces = sum(line.quantity for line in lines)
    number = pieces // (rule.buy + rule.free) * rule.free
    shares: dict[str, Money] = {}
    for line in sorted(lines, key=lambda line: left[line.key].amount / line.quantity):
        taken = min(number, line.quantity)
        if not taken:
            break
        number -= taken
        shares[line.key] = left[line.key].allocate([taken, line.quantity - taken])[0]
    return shares
