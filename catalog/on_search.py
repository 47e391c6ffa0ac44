"""What follows when a merchant teaches the search: its pages, in the markets that this is about."""

from collections.abc import Iterable, Sequence

from catalog.models import SteeredQuery
from catalog.noted import column, values
from shop import markets
from shop.changes.models import Row
from shop.changes.rules import Effects


def synonym(rows: Sequence[Row], effects: Effects) -> None:
    """Whatever is searched in its language may find something else."""
    languages = values(rows, "language")
    speaking = (one.code for one in markets.all() if not languages.isdisjoint(markets.spoken(one.language)))
    _searched(speaking, effects)


def steered_query(rows: Sequence[Row], effects: Effects) -> None:
    """Its market's searches, or everybody's."""
    of = values(rows, "market")
    _searched((one.code for one in markets.all() if not of.isdisjoint({"", one.code})), effects)


def pin(rows: Sequence[Row], effects: Effects) -> None:
    """The searches that it is steered in; of a query that is gone, its own row tells."""
    steered = values(rows, "steered_id")
    of = set(column(SteeredQuery.objects.filter(pk__in=steered), "market"))
    _searched((one.code for one in markets.all() if not of.isdisjoint({"", one.code})), effects)


def everywhere(effects: Effects) -> None:
    """The table was emptied: nothing else follows from it."""
    _searched((one.code for one in markets.all()), effects)


def _searched(codes: Iterable[str], effects: Effects) -> None:
    effects.purge(*(f"search/{code}" for code in codes))


RULES = {"catalog.synonym": synonym, "catalog.steeredquery": steered_query, "catalog.pin": pin}
WHOLE = dict.fromkeys(RULES, everywhere)
