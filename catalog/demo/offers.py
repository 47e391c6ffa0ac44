"""Variants: which choices there are, what each costs in both currencies, and how many lie on the shelf."""

from __future__ import annotations

import random
from itertools import product

from catalog.demo.attributes import SIZE_SLUGS
from catalog.demo.goods import Good, VariantPlan

SIZE_STEP = {"30": 0, "40": 8, "50": 20, "70": 38, "a6": 0, "a5": 3, "a4": 8}
FRAME_PRICE = {
    "none": {"30": 0, "40": 0, "50": 0, "70": 0},
    "oak": {"30": 32, "40": 36, "50": 46, "70": 64},
    "black": {"30": 29, "40": 33, "50": 42, "70": 58},
    "white": {"30": 29, "40": 33, "50": 42, "70": 58},
}
CARD_SHARE = {("4", "4"): 1.0, ("4", "8"): 1.7, ("4", "12"): 2.3, ("8", "8"): 1.0, ("8", "12"): 1.4}
PREFIX = {"Print": "PR", "Notebook": "NB", "Card set": "CD", "Book": "BK"}
# A pound is worth more than a euro, and a price should still look like one: whole pounds.
POUNDS = 0.86


def pounds(euros: int) -> int:
    return max(1, round(euros * POUNDS))


def options(good: Good) -> tuple[str, ...]:
    return {
        "Print": ("size", "frame"),
        "Notebook": ("size", "paper"),
        "Card set": ("set",),
        "Book": ("binding",),
    }[good.kind]


def _choices(good: Good) -> list[tuple[dict[str, str], int]]:
    """Every combination with its price, the first being the one shown first."""
    first = good.choices[0]
    if good.kind == "Print":
        return [
            (
                {"size": SIZE_SLUGS[size], "frame": frame},
                good.price + SIZE_STEP[size] - SIZE_STEP[first] + FRAME_PRICE[frame][size],
            )
            for size, frame in product(good.choices, FRAME_PRICE)
        ]
    if good.kind == "Notebook":
        papers = (
            (("smooth-160-g", 0), ("cold-pressed-200-g", 3))
            if good.leaf == "sketchbooks"
            else (("cream-100-g", 0), ("white-120-g", 2))
        )
        return [
            ({"size": size, "paper": paper}, good.price + SIZE_STEP[size] - SIZE_STEP[first] + extra)
            for size, (paper, extra) in product(good.choices, papers)
        ]
    if good.kind == "Card set":
        return [({"set": count}, round(good.price * CARD_SHARE[first, count])) for count in good.choices]
    return [
        ({"binding": binding}, good.price + (12 if binding == "hardback" else 0)) for binding in good.choices
    ]


def _stock(good: Good, chance: random.Random, index: int, choice: dict[str, str]) -> int:
    if "gone" in good.marks:
        return 0
    if "low" in good.marks:
        # The last three of an edition: two loose, one framed, all else sold.
        return (
            {0: 2, 2 if good.kind == "Print" else 1: 1}.get(index, 0)
            if good.kind != "Book"
            else (3, 0)[index]
        )
    if choice.get("size") == "70x100" and (good.slug == "two-suns-over-cadiz" or chance.random() < 0.15):
        return 0
    roll = chance.random()
    if index and roll < 0.02:
        return 0
    if index and roll < 0.08:
        return chance.randint(1, 3)
    plenty = 24 if good.kind == "Print" else 90
    return chance.randint(5, plenty)


def variants(good: Good) -> tuple[VariantPlan, ...]:
    chance = random.Random(f"stock {good.slug}")
    prefix = f"{PREFIX[good.kind]}{100 + good.place}"
    found = []
    for index, (choice, euros) in enumerate(_choices(good)):
        sterling = pounds(euros)
        share = 1 - good.sale / 100
        code = "-".join(
            value.split("-")[0].replace("x", "").upper()[: 6 if key == "size" else 3]
            for key, value in choice.items()
        )
        found.append(
            VariantPlan(
                sku=f"{prefix}-{code}",
                options=choice,
                price_eur=euros,
                price_gbp=sterling,
                stock=_stock(good, chance, index, choice),
                sale_eur=round(euros * share) if good.sale else None,
                sale_gbp=round(sterling * share) if good.sale else None,
            )
        )
    return tuple(found)
