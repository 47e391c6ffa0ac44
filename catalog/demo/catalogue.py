"""The whole range: every product with its variants, pictures, reviews and neighbours. Pure data."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from catalog.demo import attributes as facts
from catalog.demo.attributes import attributes
from catalog.demo.content import blocks, pages
from catalog.demo.goods import Good, ProductPlan, ReviewPlan, slugify, wording
from catalog.demo.offers import options, variants
from catalog.demo.plan import Art
from catalog.demo.showing import pictures
from catalog.demo.tree import categories

__all__ = ["attributes", "blocks", "categories", "pages", "products"]

# How many of the first goods keep their written order: the ones the front page is built around.
FIXED = {"posters": 9, "notebooks": 1, "cards": 1}
TOPS = ("posters", "art-prints", "notebooks", "cards", "books")
COMPANIONS = {"two-suns-over-cadiz": ("workshop", "eclipse-twice", "contour-no-4", "tile-study-plum")}


def _prints(top: str, rows: Sequence[Sequence[Any]]) -> list[Good]:
    return [
        Good(
            "Print",
            top,
            name,
            leaf,
            Art.parse(art),
            show.split()[0],
            tuple(show.split()[1:]),
            price,
            tuple(sizes.split()),
            (),
            series,
            summary,
            story,
        )
        for name, leaf, art, show, price, sizes, series, summary, story in rows
    ]


def _paper(kind: str, top: str, rows: Sequence[Sequence[Any]]) -> list[Good]:
    return [
        Good(
            kind,
            top,
            name,
            leaf,
            Art.parse(art),
            show.split()[0],
            tuple(show.split()[1:]),
            price,
            tuple(choices.split()),
            tuple(Art.parse(one) for one in more.split()),
            series,
            summary,
            story,
        )
        for name, leaf, art, show, price, choices, more, series, summary, story in rows
    ]


@lru_cache
def goods() -> tuple[Good, ...]:
    """All goods in shop order, top category by top category."""
    paper = wording("paper_goods")
    written = {
        "posters": _prints("posters", wording("posters")["goods"]),
        "art-prints": _prints("art-prints", wording("art_prints")["goods"]),
        "notebooks": _paper("Notebook", "notebooks", paper["notebooks"]),
        "cards": _paper("Card set", "cards", paper["cards"]),
        "books": _paper("Book", "books", paper["books"]),
    }
    ordered = [good for top in TOPS for good in arranged(written[top], FIXED.get(top, 0))]
    return tuple(replace(good, place=place, slug=slugify(good.name)) for place, good in enumerate(ordered))


def arranged(written: Sequence[Good], fixed: int) -> list[Good]:
    """Keep the written order, but let no two neighbours look alike, in the whole list or in one leaf."""
    order, waiting = list(written[:fixed]), list(written[fixed:])
    while waiting:
        costs = []
        for index, good in enumerate(waiting):
            last = order[-1] if order else None
            sibling = next((one for one in reversed(order) if one.leaf == good.leaf), None)
            cost = index * 0.4
            for other, weight in ((last, 1.0), (sibling, 1.0)):
                if other:
                    cost += weight * (
                        100 * (other.art.family == good.art.family)
                        + 4 * (other.art.palette == good.art.palette)
                        + 3 * (other.mat == good.mat)
                        + (other.marks[:1] == good.marks[:1])
                    )
            # The most numerous first, or they are left over at the end with nothing to part them.
            crowd = sum(one.art.family == good.art.family for one in waiting)
            kin = sum(one.art.family == good.art.family and one.leaf == good.leaf for one in waiting)
            shelf = sum(one.leaf == good.leaf for one in waiting)
            costs.append((cost - crowd * 1.5 - 12 * kin / shelf, index))
        order.append(waiting.pop(min(costs)[1]))
    return order


@lru_cache
def products() -> tuple[ProductPlan, ...]:
    """Everything that is sold, in shop order."""
    return tuple(_product(good) for good in goods())


def _product(good: Good) -> ProductPlan:
    chance = random.Random(f"product {good.slug}")
    texts = wording("descriptions")[good.kind]
    closing = texts["closing"][good.place % len(texts["closing"])]
    first_of_top = next(one.place for one in goods() if one.top == good.top)
    rank = good.place - first_of_top
    return ProductPlan(
        slug=good.slug,
        name=good.name,
        kind=good.kind,
        detail=_detail(good),
        series=good.series,
        summary=good.summary,
        description=f"<p>{good.summary} {good.story}</p><p>{closing}</p>",
        care=texts["care"],
        categories=(good.leaf, good.top),
        attributes=facts.of(good),
        options=options(good),
        variants=variants(good),
        pictures=pictures(good),
        reviews=_reviews(good, rank),
        published_days_ago=chance.randint(1, 12) if "new" in good.marks else chance.randint(21, 720),
        popularity=max(5, 1000 - rank * (22 if good.kind == "Print" else 45) - TOPS.index(good.top) * 3),
        art=good.art,
        companions=COMPANIONS.get(good.slug) or _companions(good),
        alternatives=_alternatives(good),
    )


def _detail(good: Good) -> str:
    first = good.choices[0]
    if good.kind == "Print":
        return f"Print, {facts.label('size', facts.SIZE_SLUGS[first])}"
    if good.kind == "Notebook":
        return f"Notebook, {first.upper()}, {({'sketchbooks': 'blank'}).get(good.leaf, good.leaf)}"
    if good.kind == "Card set":
        return f"Card set of {first}"
    return "Book, softcover"


def _reviews(good: Good, rank: int) -> tuple[ReviewPlan, ...]:
    chance = random.Random(f"reviews {good.slug}")
    texts = wording("reviews")
    most = {"Print": 22, "Notebook": 12, "Card set": 9, "Book": 9}[good.kind]
    wanted = 0 if "new" in good.marks and rank > 3 else int(most * chance.random() ** 1.4)
    wanted = (
        31
        if good.slug == "two-suns-over-cadiz"
        else max(wanted, 8 if rank < 4 and good.kind == "Print" else 0)
    )
    pool = [
        (rating, *text)
        for level, ratings in (("best", (5,)), ("good", (4,)), ("fair", (3,)))
        for text in texts[good.kind][level]
        for rating in ratings
    ]
    weights = {5: 6.0, 4: 2.4, 3: 0.8}
    names = chance.sample(texts["names"], len(texts["names"]))
    found: list[ReviewPlan] = []
    day = chance.randint(3, 20)
    while pool and len(found) < wanted:
        rating, title, body = chance.choices(pool, [weights[one[0]] for one in pool])[0]
        pool.remove((rating, title, body))
        found.append(ReviewPlan(names[len(found)], rating, title, body, day))
        day += chance.randint(4, 40)
    return tuple(found)


def _companions(good: Good) -> tuple[str, ...]:
    """Hangs well with: another family in a kindred colour, prints of the same series first."""
    own = set(facts.colours(good.art))

    def distance(other: Good) -> float:
        shared = len(own & set(facts.colours(other.art)))
        away = 0 if (good.kind == other.kind) else 1.2 if good.kind == "Print" else -0.4
        return away - shared * 2 - (other.series == good.series) * 1.5 + abs(other.place - good.place) / 60

    return _nearest(
        good,
        [one for one in goods() if one.art.family != good.art.family and "gone" not in one.marks],
        distance,
    )


def _alternatives(good: Good) -> tuple[str, ...]:
    """Instead of this: the same shelf, then the same family, at about the same price."""

    def distance(other: Good) -> float:
        return (
            -3.0 * (other.leaf == good.leaf)
            - 2.0 * (other.art.family == good.art.family)
            + abs(other.price - good.price) / 10
            + abs(other.place - good.place) / 80
        )

    return _nearest(
        good, [one for one in goods() if one.kind == good.kind and "gone" not in one.marks], distance
    )


def _nearest(good: Good, candidates: Sequence[Good], distance: Any) -> tuple[str, ...]:
    found: list[Good] = []
    for other in sorted(candidates, key=lambda one: (distance(one), one.place)):
        if other.slug != good.slug and (not found or found[-1].art.family != other.art.family):
            found.append(other)
        if len(found) == 4:
            break
    return tuple(one.slug for one in found)
