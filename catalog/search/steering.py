"""What a merchant wants to stand where in the results of one query.

A query is steered as it is typed, but for case, accents, punctuation and blanks. The order of its words
counts: a "shirt dress" is a dress and a "dress shirt" a shirt, and a merchant sees on the desk exactly what
they steer; another order that shoppers type is another row there. A market's own row goes before the one for
all markets, as a whole: two lists that nobody has looked at together would otherwise be one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connections

from catalog.models import Pin
from catalog.search.words import folded
from shop import replicas
from shop.edge.recording import reading
from shop.markets import Market
from shop.postgresql.base import prepared_cursor

# The pins of the market's own row, else of that for all.
_PINS = """
    SELECT pin.product_id, pin.kind FROM (
        SELECT id FROM catalog_steeredquery WHERE folded = %s::text AND market = ANY(%s)
        ORDER BY market DESC LIMIT 1
    ) steered JOIN catalog_pin pin ON pin.steered_id = steered.id
    ORDER BY pin.position, pin.id"""


@dataclass(frozen=True)
class Steering:
    """Ids of products. Nothing is said of whether a market has them: lists show what has a card there.

    first: in this order, before all others, whether the words find them or not. higher, lower: before and
    after the others that the words find. hidden: not at all.
    """

    first: Sequence[int] = ()
    higher: Sequence[int] = ()
    lower: Sequence[int] = ()
    hidden: Sequence[int] = ()

    def __bool__(self) -> bool:
        return bool(self.first or self.higher or self.lower or self.hidden)


NOTHING = Steering()


def key(query: str) -> str:
    """By which a query is steered: its folded words in their order."""
    return " ".join(folded(query))


def of(market: Market, query: str) -> Steering:
    """What is steered in a query, as it was typed; the page that asks is let go when that changes."""
    asked = key(query)
    if not asked:
        return NOTHING
    with reading(f"search/{market.code}"), prepared_cursor(connections[replicas.alias()]) as cursor:
        cursor.execute(_PINS, [asked, ["", market.code]])
        rows = cursor.fetchall()
    if not rows:
        return NOTHING
    kinds: dict[str, list[int]] = {kind: [] for kind in Pin.Kind.values}
    for product_id, kind in rows:
        kinds[kind].append(product_id)
    return Steering(**{kind: tuple(ids) for kind, ids in kinds.items()})
