"""A shop to be edited, its pages before and after, and which of them were let go."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet
from django.test import Client

from catalog import cards, delivery
from catalog.models import Block, Card, Category, Image, Price, Product, ProductLink, Variant
from shop.changes import projector
from shop.changes.models import Change
from shop.changes.rules import Effects
from tests.factories import (
    follow_changes,
    make_category,
    make_delivery,
    make_image,
    make_page,
    make_product,
    make_review,
    make_tax_class,
    make_value,
)

KEPT = {200, 301, 302, 404, 410}
Edit = Callable[[], object]
Edits = Mapping[str, Edit]


@pytest.fixture
def shop(client: Client) -> None:
    """Five things in three categories, one of them below another; all that a page can show."""
    make_tax_class(rates={"DE": "0.19", "GB": "0.20"})
    make_delivery(["DE"])
    wall, desk = make_category("Wall"), make_category("Desk")
    prints = make_category("Prints", parent=wall)
    things = [
        make_product(
            f"Thing {number}",
            category=[prints, prints, wall, desk, desk][number],
            values={"colour": [["Red"], ["Blue"], ["Red", "Blue"], ["Blue"], ["Red"]][number]},
            options={"size": ["A4", "A3"]},
            popularity=number,
        )
        for number in range(5)
    ]
    for item in things:
        make_image(item)
        make_review(item, 4)
    # Lists that are filtered by a size show these, and not the first.
    make_image(things[0], position=1, variant=things[0].variants.order_by("pk")[1])
    make_image(things[1], position=1, shows={"size": "a3"})
    make_page("Help", slug="help")
    make_value("paper", "Matt")  # nothing has it, and an address may ask for it
    make_image(things[1], position=2, shows={"paper": "matt"})
    ProductLink.objects.create(product=things[0], other=things[4], kind=ProductLink.Kind.COMPANION)
    rules = (
        {"category": "wall", "sort": "price"},
        {"sale": True, "sort": "name"},
        {"slugs": ["thing-3", "thing-9"]},
    )
    for number, rule in enumerate(rules):
        Block.objects.create(kind="cards", title=f"Row {number}", goods=rule)
    Block.objects.create(kind="range", title="Range")
    Block.objects.create(kind="story", title="Story", image=make_image())
    follow_changes()


def thing(number: int) -> Product:
    return Product.objects.get(name__startswith=f"Thing {number}")


def price(number: int, currency: str = "EUR") -> Price:
    return Price.objects.filter(variant__product=thing(number), currency=currency).order_by("pk")[0]


def variant(number: int, place: int = 0) -> Variant:
    return Variant.objects.filter(product=thing(number)).order_by("pk")[place]


def pictures(number: int) -> QuerySet[Image]:
    return Image.objects.filter(product=thing(number)).order_by("pk")


def change(row: object, **fields: object) -> Edit:
    def edit() -> None:
        for name, value in fields.items():
            setattr(row, name, value)
        row.save()  # type: ignore[attr-defined]

    return edit


def sql(statement: str) -> Edit:
    def edit() -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    return edit


def category(slug: str) -> Category:
    return Category.objects.get(slug=slug)


@pytest.fixture
def purged(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The keys that rules have purged since it was emptied."""
    keys: set[str] = set()
    follow = projector.follow

    def noted(changes: object) -> Effects:
        effects = follow(changes)  # type: ignore[arg-type]
        keys.update(effects.keys)
        return effects

    monkeypatch.setattr(projector, "follow", noted)
    return keys


Said = tuple[int, str, bytes]  # status, Location, body
Statement = tuple[str, str]  # SQL and its parameters, written out


def look(client: Client, path: str) -> tuple[Said, frozenset[str]]:
    """What an address answers, and its keys."""
    answer = client.get(path)
    assert answer.status_code in KEPT, path
    return (answer.status_code, answer.get("Location", ""), answer.content), answer.page_keys


class Pages:
    """What pages say, and their keys.

    It is rendered anew only where one of its statements finds other rows than before: nothing else that an
    edit changes can reach it. `differ()` holds that against pages that are all rendered.
    """

    def __init__(self, client: Client, addresses: Sequence[str]) -> None:
        self.client = client
        self.params: dict[str, Any] = {}
        self.found: dict[Statement, int] = {}  # what statements find at the moment, as far as they were asked
        self.read: dict[str, dict[Statement, int]] = {}  # and what they found for each page
        self.shown = {address: self._render(address) for address in addresses}

    def again(self) -> dict[str, tuple[Said, frozenset[str]]]:
        """The pages after an edit."""
        self.found = {}
        shown = self.shown.items()
        self.shown = {path: old if self._is_as_it_was(path) else self._render(path) for path, old in shown}
        return self.shown

    def differ(self) -> list[str]:
        """Pages that say something else although all their statements found the same."""
        return [path for path, (said, _keys) in self.shown.items() if look(self.client, path)[0] != said]

    def _is_as_it_was(self, path: str) -> bool:
        return all(self._rows(statement) == rows for statement, rows in self.read[path].items())

    def _render(self, path: str) -> tuple[Said, frozenset[str]]:
        asked: dict[Statement, None] = {}

        def noted(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
            asked[sql, repr(params)] = None
            self.params[repr(params)] = params
            return execute(sql, params, many, context)

        with connection.execute_wrapper(noted):
            shown = look(self.client, path)
        self.read[path] = {statement: self._rows(statement) for statement in asked}
        return shown

    def _rows(self, statement: Statement) -> int:
        """A number that stands for the rows that it finds now."""
        if statement not in self.found:
            sql, params = statement
            with connection.cursor() as cursor:
                cursor.execute(sql, self.params[params])
                rows = list(map(repr, cursor.fetchall()))
            # Those that nobody has ordered come as they like.
            self.found[statement] = hash(tuple(rows if "ORDER BY" in sql else sorted(rows)))
        return self.found[statement]


def cards_are_true() -> bool:
    """Whether another rebuild, of promises too, would find nothing to write; it writes nothing now either."""
    ids = {*Product.objects.values_list("pk", flat=True), *Card.objects.values_list("product_id", flat=True)}
    with transaction.atomic():
        noted = Change.objects.count()
        cards.rebuild(ids)
        delivery.keep()
        is_true = Change.objects.count() == noted
        transaction.set_rollback(True)
    return is_true


@dataclass
class Outcome:
    """stale: pages by the edit that changed and did not purge them; idle: edits that no page shows.

    wrong: edits that leave cards other than a rebuild would make them.
    """

    stale: dict[str, list[str]] = field(default_factory=dict)
    idle: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    changed: int = 0
    purged: int = 0
    keys: set[str] = field(default_factory=set)
    carried: set[str] = field(default_factory=set)
    statuses: set[int] = field(default_factory=set)

    def note(self, name: str, changed: set[str], hit: set[str]) -> None:
        """What an edit changed, and what it let go."""
        self.changed += len(changed)
        self.purged += len(hit)
        if changed - hit:
            self.stale[name] = sorted(changed - hit)
        if not changed:
            self.idle.append(name)


Do = Callable[..., Outcome]


@pytest.fixture
def do(client: Client, shop: None, purged: set[str]) -> Do:
    """do(edits, addresses) makes the edits, one by one, and compares the pages before and after each."""

    def made(edits: Edits, addresses: Sequence[str]) -> Outcome:
        outcome = Outcome()
        pages = Pages(client, addresses)
        before = pages.shown
        for name, edit in edits.items():
            purged.clear()
            edit()
            follow_changes()
            after = pages.again()
            changed = {path for path, (said, _keys) in before.items() if after[path][0] != said}
            hit = {path for path, (_said, keys) in before.items() if keys & purged}
            # Whoever keeps what was not purged keeps its old keys too.
            after |= {
                path: (after[path][0], keys) for path, (_said, keys) in before.items() if path not in hit
            }
            outcome.note(name, changed, hit)
            if not cards_are_true():
                outcome.wrong.append(name)
            outcome.keys |= purged
            outcome.carried.update(*(own for _said, own in after.values()))
            outcome.statuses.update(said[0] for said, _keys in after.values())
            before = after
        assert pages.differ() == []
        return outcome

    return made
