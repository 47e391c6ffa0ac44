"""What an import did: figures for the screen, and a table of every problem for a spreadsheet."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

from django.utils.translation import ngettext

from catalog.importing.records import Place, Problem
from shop import markets

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run


@dataclass
class Report:
    """Counted by product: created, updated, unchanged, skipped; `added`: new rows of other kinds.

    Of those that are in the shop by now: incomplete (some variants were left out), unpriced GBP.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    added: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)

    def note(self, level: str, place: Place, handle: str, reason: str) -> None:
        """One more problem."""
        self.problems.append(Problem("error" if level == "error" else "warning", place, handle, reason))

    @property
    def errors(self) -> list[Problem]:
        """What was left out."""
        return [problem for problem in in_order(self.problems) if problem.level == "error"]

    @property
    def warnings(self) -> list[Problem]:
        """What was read otherwise than written."""
        return [problem for problem in in_order(self.problems) if problem.level == "warning"]

    def write(self, path: Path) -> None:
        """Every problem as CSV."""
        with path.open("w", newline="", encoding="utf-8") as file:
            file.writelines(sheet(in_order(self.problems)))


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """By file and line, as they are mended."""
    return sorted(problems, key=lambda problem: (problem.place.file, problem.place.line))


def sheet(problems: Iterable[Problem]) -> Iterator[str]:
    """Lines of CSV; what a spreadsheet would take for a formula begins with an apostrophe."""
    held = StringIO()
    writer = csv.writer(held)
    writer.writerow(("level", "file", "line", "handle", "reason"))
    for problem in problems:
        place = problem.place
        cells = (problem.level, place.file, str(place.line), problem.handle, problem.reason)
        writer.writerow(plain(cell) for cell in cells)
        yield held.getvalue()
        held.seek(0)
        held.truncate()
    yield held.getvalue()


def plain(cell: str) -> str:
    """The cell as text that no spreadsheet runs, on one line."""
    text = " ".join(cell.splitlines())
    return f"'{text}" if text.startswith(FORMULA) else text


def unpriced(counts: Mapping[str, int]) -> Iterator[str]:
    """What is said of goods that some markets do not sell, for want of a price in their currency."""
    names: dict[str, list[str]] = {}
    for market in markets.all():
        names.setdefault(market.currency, []).append(market.name)
    for currency, sellers in names.items():
        if number := counts.get(f"unpriced {currency}", 0):
            text = ngettext(
                "%(number)d product has no price in %(currency)s: it is not for sale in %(markets)s.",
                "%(number)d products have no price in %(currency)s: they are not for sale in %(markets)s.",
                number,
            )
            yield text % {"number": number, "currency": currency, "markets": ", ".join(sellers)}


def told(topic: str, count: int) -> str:
    """What is said of so many warnings of one sort."""
    texts = {
        "gone": ngettext(
            "%d variant is still for sale here, and no longer in the file.",
            "%d variants are still for sale here, and no longer in the file.",
            count,
        ),
        "web": ngettext(
            "%d picture lies elsewhere on the web and was not fetched.",
            "%d pictures lie elsewhere on the web and were not fetched.",
            count,
        ),
        "picture": ngettext("%d picture was not found.", "%d pictures were not found.", count),
        "model": ngettext(
            "%d product shares its model number with others: it has no SKU.",
            "%d products share their model number with others: they have no SKU.",
            count,
        ),
        "link": ngettext(
            "%d row links products that are not sold here.",
            "%d rows link products that are not sold here.",
            count,
        ),
        "review": ngettext(
            "%d review is of a product that is not sold here.",
            "%d reviews are of products that are not sold here.",
            count,
        ),
        "directive": ngettext(
            "%d text held directives of Magento's theme, which were left out.",
            "%d texts held directives of Magento's theme, which were left out.",
            count,
        ),
        "free": ngettext("%d row has a price of 0.", "%d rows have a price of 0.", count),
        "custom option": ngettext(
            "%d product has options of its own, which are not sold here.",
            "%d products have options of their own, which are not sold here.",
            count,
        ),
        "base view": ngettext(
            "%d product had no row but one of a store view, which was read.",
            "%d products had no rows but those of store views, of which the first was read.",
            count,
        ),
        "empty category": ngettext(
            "%d category has no goods in these files: it waits unpublished where it is new.",
            "%d categories have no goods in these files: they wait unpublished where they are new.",
            count,
        ),
        "hidden category": ngettext(
            "%d category with goods is not published in the shop: publish it there to show it.",
            "%d categories with goods are not published in the shop: publish them there to show them.",
            count,
        ),
        "spare": ngettext(
            "%d product is not visible by itself, only within another that is not sold here:"
            " it waits unpublished.",
            "%d products are not visible by themselves, only within others that are not sold here:"
            " they wait unpublished.",
            count,
        ),
        "page": ngettext(
            "%d page waits unpublished: it speaks of another shop.",
            "%d pages wait unpublished: they speak of another shop.",
            count,
        ),
        "store view": ngettext(
            "%d row of a store view was left out.", "%d rows of store views were left out.", count
        ),
    }
    return texts[topic] % count
