"""What a list is asked for: where its goods come from, and which of them an address selects."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Choice:
    """A value that exists, chosen in the address."""

    id: int
    slug: str
    label: str
    attribute_id: int
    attribute_code: str


@dataclass(frozen=True)
class Matching:
    """What a search finds, in SQL: CTEs of which the last, `card`, has the columns {taken} of each card, and
    its tier. Those of smaller tiers stand before others; of those that only come close to what was asked for
    it is odd, of all others even. {looked} is a limit, or nothing: the nearest come first.

    ranking: CTEs of which the last, `best`, has the first of `wanted` (what the list shows, with its columns
    product_id, tier, popularity, spot), and their scores; none where the list has another order.
    """

    sql: str
    parameters: Mapping[str, Any]
    ranking: str = ""


@dataclass(frozen=True)
class Source:
    """Where a list's goods come from: a category, what a search finds, what is on sale.

    below: categories whose goods in the list are counted as well, whatever filters are set.
    """

    category_id: int | None = None
    below: Sequence[int] = ()
    matching: Matching | None = None
    on_sale: bool = False


@dataclass(frozen=True)
class Selection:
    """What the address asks for: values, price bounds in the market's currency, sale, order, page."""

    choices: Sequence[Choice] = ()
    least: Decimal | None = None
    most: Decimal | None = None
    on_sale: bool = False
    sort: str = "popular"
    page: int = 1

    @property
    def is_bounded(self) -> bool:
        """Is there a bound to the price?"""
        return self.least is not None or self.most is not None

    @property
    def is_of_offers(self) -> bool:
        """Does it mean some of a product's offers and not others, whatever they cost?"""
        return bool(self.choices) or self.on_sale

    @property
    def values(self) -> dict[int, list[int]]:
        """The ids of the chosen values of each attribute."""
        groups: dict[int, list[int]] = {}
        for choice in self.choices:
            groups.setdefault(choice.attribute_id, []).append(choice.id)
        return groups

    @property
    def filters(self) -> int:
        """How many kinds of filters are set."""
        return len(self.values) + self.is_bounded + self.on_sale
