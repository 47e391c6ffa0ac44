"""What an import did: figures for the screen, and a table of every problem for a spreadsheet."""

import csv
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from catalog.importing.records import Place, Problem

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run


@dataclass
class Report:
    """Counted by product: created, updated, unchanged, skipped; `added`: new rows of other kinds."""

    outcomes: Counter[str] = field(default_factory=Counter)
    added: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)

    def note(self, level: str, place: Place, handle: str, reason: str) -> None:
        """One more problem."""
        self.problems.append(Problem("error" if level == "error" else "warning", place, handle, reason))

    @property
    def errors(self) -> list[Problem]:
        """What was left out."""
        return [problem for problem in self.problems if problem.level == "error"]

    @property
    def warnings(self) -> list[Problem]:
        """What was read otherwise than written."""
        return [problem for problem in self.problems if problem.level == "warning"]

    def write(self, path: Path) -> None:
        """Every problem as CSV; what a spreadsheet would take for a formula begins with an apostrophe."""
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(("level", "file", "line", "handle", "reason"))
            for problem in self.problems:
                place = problem.place
                cells = (problem.level, place.file, str(place.line), problem.handle, problem.reason)
                writer.writerow(plain(cell) for cell in cells)


def plain(cell: str) -> str:
    """The cell as text that no spreadsheet runs, on one line."""
    text = " ".join(cell.splitlines())
    return f"'{text}" if text.startswith(FORMULA) else text
