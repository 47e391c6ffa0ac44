"""What the addresses of lists and products say, checked, and how to say it again in one canonical way."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from urllib.parse import urlencode

from django.http import QueryDict

from catalog.queries import listing, reviews
from catalog.queries.selection import Choice, Selection
from shop.edge.parameters import is_campaign

LISTED = ("q", "min", "max", "sale", "sort", "page")  # what a list's address says beside its filters
REVIEWED = ("stars", "reviews")  # what a product's says beside its options
RESERVED = (*LISTED, *REVIEWED)  # names that no attribute can bear
SORTS = ("popular", "new", "price", "-price", "rating", "name")
CODE = re.compile(r"[a-zA-Z0-9_-]{1,40}", re.ASCII)
SLUG = re.compile(r"[a-zA-Z0-9_-]{1,120}", re.ASCII)
AMOUNT = re.compile(r"([0-9]{1,9})(?:[.,]([0-9]{1,2}))?", re.ASCII)
PAGE = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)
STARS = re.compile(r"[1-5]", re.ASCII)
VALUES_AT_MOST = 60  # read from an address


def is_name(name: str) -> bool:
    """May the address of a list or a product say this? Any attribute's code may be one: the view judges."""
    return name in RESERVED or _is_code(name)


@dataclass(frozen=True)
class ListingParameters:
    """A selection with its query and the order that needs no saying."""

    selection: Selection
    query: str = ""
    default_sort: str = "popular"

    @classmethod
    def parse(cls, data: QueryDict, *, query: str = "", sorts: Sequence[str] = SORTS) -> "ListingParameters":
        """From an address; what is unknown or malformed does not count. sorts: the default one first."""
        asked: dict[str, list[str]] = {}
        pairs = ((name, value) for name, values in data.lists() for value in values)
        for name, value in list(pairs)[:VALUES_AT_MOST]:
            if _is_code(name) and SLUG.fullmatch(value):
                asked.setdefault(name, []).append(value)
        least, most = _amount(data.get("min", "")), _amount(data.get("max", ""))
        if least is not None and most is not None and least > most:
            least, most = most, least  # nobody means a range in which nothing can be
        sort = data.get("sort", "")
        return cls(
            selection=Selection(
                choices=tuple(listing.choices(asked)),
                least=least,
                most=most,
                on_sale=data.get("sale") == "1",
                sort=sort if sort in sorts else sorts[0],
                page=_page(data.get("page", "")),
            ),
            query=query,
            default_sort=sorts[0],
        )

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Names and values in their fixed order; what goes without saying is left out."""
        chosen, pairs = self.selection, list[tuple[str, str]]()
        if self.query:
            pairs.append(("q", self.query))
        pairs += sorted((choice.attribute_code, choice.slug) for choice in chosen.choices)
        if chosen.least is not None:
            pairs.append(("min", typed(chosen.least)))
        if chosen.most is not None:
            pairs.append(("max", typed(chosen.most)))
        if chosen.on_sale:
            pairs.append(("sale", "1"))
        if chosen.sort != self.default_sort:
            pairs.append(("sort", chosen.sort))
        if chosen.page > 1:
            pairs.append(("page", str(chosen.page)))
        return pairs

    def url(self, path: str) -> str:
        """The canonical address of this selection."""
        return _url(path, self.pairs)

    def at(self, page: int) -> "ListingParameters":
        """Another page of the same list."""
        return replace(self, selection=replace(self.selection, page=page))

    def without(self, *choices: Choice) -> "ListingParameters":
        """From its first page, with these values not chosen."""
        kept = tuple(choice for choice in self.selection.choices if choice not in choices)
        return replace(self, selection=replace(self.selection, choices=kept, page=1))

    def at_price(self, least: Decimal | int | None, most: Decimal | int | None) -> "ListingParameters":
        """From its first page, at prices between these; None: without that bound."""
        bounds = {"least": least and Decimal(least), "most": most and Decimal(most)}
        return replace(self, selection=replace(self.selection, **bounds, page=1))  # type: ignore[arg-type]

    def without_sale(self) -> "ListingParameters":
        """From its first page, on sale or not."""
        return replace(self, selection=replace(self.selection, on_sale=False, page=1))

    def without_filters(self, *, keep_sale: bool = False) -> "ListingParameters":
        """The list in the same order, whole."""
        kept = Selection(sort=self.selection.sort, on_sale=keep_sale and self.selection.on_sale)
        return replace(self, selection=kept)


@dataclass(frozen=True)
class ReviewParameters:
    """Which reviews, and the options that the address chooses beside them."""

    asked: reviews.Asked
    options: Sequence[tuple[str, str]] = ()

    @classmethod
    def parse(cls, data: QueryDict) -> "ReviewParameters":
        """From an address; what is malformed does not count."""
        stars = data.get("stars", "")
        asked = int(stars) if STARS.fullmatch(stars) else None
        return cls(reviews.Asked(stars=asked, page=_page(data.get("reviews", ""))))

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Names and values; what goes without saying is left out."""
        pairs = [*self.options]
        if self.asked.stars:
            pairs.append(("stars", str(self.asked.stars)))
        if self.asked.page > 1:
            pairs.append(("reviews", str(self.asked.page)))
        return pairs

    def url(self, path: str) -> str:
        """The canonical address of these reviews, and of this choice."""
        return _url(path, self.pairs)

    def at(self, stars: int | None, page: int = 1) -> "ReviewParameters":
        """The same choice with other reviews."""
        return replace(self, asked=reviews.Asked(stars=stars, page=page))


def options(data: QueryDict, codes: Iterable[str]) -> dict[str, str]:
    """Which value of each option of a product the address chooses: the last one that could be a slug."""
    asked = {code: data.get(code, "") for code in codes if code not in RESERVED}
    return {code: slug for code, slug in asked.items() if SLUG.fullmatch(slug)}


def is_canonical(data: QueryDict, pairs: Iterable[tuple[str, str]]) -> bool:
    """Does a cleaned query (shop.edge.parameters) say exactly this? Else its page has another address."""
    return sorted((name, value) for name, values in data.lists() for value in values) == sorted(pairs)


def typed(amount: Decimal) -> str:
    """An amount as one would type it: 20, 19.90."""
    return str(int(amount)) if amount == amount.to_integral_value() else f"{amount:.2f}"


def _is_code(name: str) -> bool:
    """Could an attribute be called so?"""
    return name not in RESERVED and bool(CODE.fullmatch(name)) and not is_campaign(name)


def _page(text: str) -> int:
    return int(text) if PAGE.fullmatch(text) else 1


def _amount(text: str) -> Decimal | None:
    found = AMOUNT.fullmatch(text.strip())
    return Decimal(f"{found[1]}.{found[2] or 0}") if found else None


def _url(path: str, pairs: Sequence[tuple[str, str]]) -> str:
    return f"{path}?{urlencode(pairs)}" if pairs else path
