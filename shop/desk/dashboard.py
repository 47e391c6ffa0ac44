"""The first page of the desk: figures that lead to work, and panels. Each app registers its own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from shop.desk.cells import grouped

MOST = 10_000  # a page that only begins a day does not count further


@dataclass(frozen=True)
class Figure:
    """How many of something wait for somebody, and the list that shows them."""

    label: str
    count: int
    url: str
    state: str = "quiet"  # of the dot, while there are any: good, low, bad, quiet

    @property
    def shown(self) -> str:
        """10,000+ where counting has stopped."""
        return f"{grouped(MOST)}+" if self.count > MOST else grouped(self.count)

    @property
    def tone(self) -> str:
        """Nothing waits: nothing shines."""
        return self.state if self.count else "quiet"


FigureMaker = Callable[[HttpRequest], Figure | None]
PanelMaker = Callable[[HttpRequest], SafeString | None]
_figures: dict[str, tuple[int, FigureMaker]] = {}
_panels: dict[str, tuple[int, PanelMaker]] = {}


def figure(place: int) -> Callable[[FigureMaker], FigureMaker]:
    """Registers a function that counts, or gives None to who may not see what it counts."""

    def register(maker: FigureMaker) -> FigureMaker:
        _figures[f"{maker.__module__}.{maker.__qualname__}"] = (place, maker)
        return maker

    return register


def panel(place: int) -> Callable[[PanelMaker], PanelMaker]:
    """Registers a function that renders a part of the page, or gives None."""

    def register(maker: PanelMaker) -> PanelMaker:
        _panels[f"{maker.__module__}.{maker.__qualname__}"] = (place, maker)
        return maker

    return register


def context(request: HttpRequest) -> dict[str, Any]:
    """What this person may see of it."""
    figures = [maker(request) for _place, maker in sorted(_figures.values(), key=lambda entry: entry[0])]
    panels = [maker(request) for _place, maker in sorted(_panels.values(), key=lambda entry: entry[0])]
    return {
        "figures": [figure for figure in figures if figure is not None],
        "panels": [panel for panel in panels if panel],
    }


def counted(rows: QuerySet[Any]) -> int:
    """How many there are; no more are counted than are told."""
    return rows.order_by()[: MOST + 1].count()
