"""around(): what surrounds every page (navigation, footer, promise, breadcrumb), in two statements."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict

from django.conf import settings
from django.db.models import CharField, Q, QuerySet, Value
from django.db.models.functions import Cast, LPad
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog import delivery, thresholds
from catalog.models import Category, Page
from catalog.queries.navigation import NavigationItem, give_room
from shop import addresses, markets
from shop.edge.recording import reading
from shop.markets import Market
from shop.money import Money
from shop.prepared import AnyOf, Param, Prepared

_GROUPS = frozenset(Page.Group.values)


class Crumb(TypedDict):
    """A step of the way here."""

    name: str
    url: str


class PageLink(TypedDict):
    """A page of text in the footer."""

    name: str
    slug: str
    url: str
    group: str


class Chrome(TypedDict):
    """What base.html needs beside the page itself."""

    navigation: list[NavigationItem]
    pages: list[PageLink]
    promise: delivery.Promise | None  # if it was asked for
    free_from: Money | None  # delivery costs nothing
    free_in: str  # the only country of which that is said; "" if it holds everywhere
    section: str | None
    breadcrumbs: list[Crumb]
    title: str
    description: str
    canonical: str
    noindex: bool


@dataclass(frozen=True)
class _Node:
    kind: str
    name: str
    slug: str
    path: str


def around(
    market: Market,
    *,
    now: datetime | None = None,
    path: str = "",
    crumbs: Sequence[Crumb] = (),
    section: str | None = None,
    title: str = "",
    description: str = "",
    canonical: str = "",
    noindex: bool = False,
    promises: bool = False,
) -> Chrome:
    """The surroundings of a page; promises: it says when things arrive, and is let go when that changes.

    path: of the category it stands in (treebeard's), told only if that can be seen; crumbs: what follows in
    the trail. canonical: an address without scheme and host, of this market. section: a menu entry that is
    no category.
    """
    nodes = _nodes(path)
    if not {node.path for node in nodes if node.kind == "category"}.issuperset(prefixes(path)):
        path = ""  # it is hidden, or below one that is: the page has the keys of all of them
    tree, trail = _navigation(nodes, path), _trail(nodes, path)
    crumbs = [*trail, *crumbs]
    promise = delivery.promise(market, now or timezone.now()) if promises else None
    free = promise or (thresholds.Free() if promises else delivery.free(market))
    home = [Crumb(name=_("Home"), url=addresses.path("catalog:home"))] if crumbs else []
    return Chrome(
        navigation=tree,
        pages=[
            PageLink(name=node.name, slug=node.slug, url=page_url(node.slug), group=node.kind)
            for node in nodes
            if node.kind in _GROUPS
        ],
        promise=promise,
        free_from=free.free_from,
        free_in=free.free_in,
        section=section or next((item["slug"] for item in tree if item["is_current"]), None),
        breadcrumbs=[*home, *crumbs],
        title=f"{title} · {settings.SITE_NAME}" if title else settings.SITE_NAME,
        description=description,
        canonical=absolute(canonical) if canonical else "",
        noindex=noindex,
    )


def absolute(path: str) -> str:
    """The whole address of a path of this site; only the settings say where the site is."""
    return settings.SITE_URL + path


def mounted(path: str) -> str:
    """A path written without a market, in the current one; addresses elsewhere stay as they are."""
    if not path.startswith("/") or path.startswith("//"):
        return path
    return markets.current().mount + path.removeprefix("/")


def page_url(slug: str) -> str:
    """The path of a page of text in the current market."""
    return addresses.path("catalog:page", slug)


def prefixes(path: str) -> list[str]:
    """The paths of a category's ancestors and its own, the top one first."""
    return [path[:length] for length in range(Category.steplen, len(path) + 1, Category.steplen)]


def _nodes(path: str) -> list[_Node]:
    """Categories of the navigation and of the trail, and the pages of the footer, each in its order."""
    above = prefixes(path)
    with reading("navigation", *(f"path/category/{each}" for each in above)):
        rows = _NODES.rows(paths=above)
    return sorted((_Node(*row) for row in rows), key=lambda node: (node.path, node.slug))


@Prepared
def _NODES() -> QuerySet[Category, tuple[Any, ...]]:
    categories = (
        Category.objects.filter(Q(depth=1) | Q(AnyOf("path", Param("paths"))), is_published=True)
        .order_by()
        .values_list(Value("category", CharField()), "name", "slug", "path")
    )
    pages = Page.objects.filter(is_published=True).order_by().values_list("group", "title", "slug", _place())
    return categories.union(pages, all=True)


def _place() -> LPad:
    """A page's position as text that sorts like the number, in the column of the categories' paths."""
    return LPad(Cast("position", CharField()), 6, Value("0"))


def _navigation(nodes: Iterable[_Node], path: str) -> list[NavigationItem]:
    """The sections: the categories at the top."""
    top = [
        NavigationItem(
            name=node.name,
            slug=node.slug,
            url=addresses.path("catalog:category", node.slug),
            path=node.path,
            is_current=path.startswith(node.path),
            room="always",
        )
        for node in nodes
        if node.kind == "category" and len(node.path) == Category.steplen
    ]
    give_room(top)
    return top


def _trail(nodes: Iterable[_Node], path: str) -> list[Crumb]:
    return [
        Crumb(name=node.name, url=addresses.path("catalog:category", node.slug))
        for node in nodes
        if node.kind == "category" and path.startswith(node.path)
    ]
