"""A merchant's CSV file → rows by column name with their line numbers, whatever a spreadsheet did to it.

A row that cannot be read is a problem with its line; reading goes on at the next line.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from catalog.importing.records import Place, Reading

MAX_FIELD = 500_000  # characters: a description longer than that is a broken file
MAX_LINES = 2_000  # of one row: an unclosed quote would otherwise swallow the rest of the file
DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True)
class Row:
    """One row: its cells by lower-case column name, stripped."""

    place: Place
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


class Unreadable(Exception):
    """The file as a whole cannot be used; the text says why."""


def rows(path: Path, reading: Reading, required: tuple[str, ...]) -> Iterator[Row]:
    """The file's rows; raises Unreadable if it cannot be opened or lacks a required column."""
    name = path.name
    try:
        lines = _decode(path.read_bytes(), name, reading)
    except OSError as error:
        raise Unreadable(_("The file cannot be opened: %s.") % error.strerror) from error
    if not lines:
        raise Unreadable(_("The file is empty."))
    delimiter = max(DELIMITERS, key=lines[0].count)
    before = csv.field_size_limit(2**31 - 1)  # our own limit names the row and goes on
    try:
        table = list(_records(lines, delimiter, name, reading))
    finally:
        csv.field_size_limit(before)
    header = [cell.strip().lower() for cell in table[0][1]] if table else []
    missing = [column for column in required if column not in header]
    if missing:
        raise Unreadable(_("These columns are missing: %s.") % ", ".join(missing))
    for number, cells in table[1:]:
        place = Place(name, number)
        if not any(cell.strip() for cell in cells):
            continue
        reason = _refusal(cells, len(header))
        if reason:
            reading.error(place, reason, cells[0].strip()[:80].replace("\0", ""))
            continue
        padded = cells[: len(header)] + [""] * (len(header) - len(cells))
        # Of two columns with one name the first counts.
        yield Row(place, dict(reversed([(c, v.strip()) for c, v in zip(header, padded, strict=True)])))


def _decode(data: bytes, name: str, reading: Reading) -> list[str]:
    """Lines with their ends. What is not UTF-8 is read as Windows-1252, line by line, with one warning."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace").splitlines(keepends=True)
    data = data.removeprefix(b"\xef\xbb\xbf")
    lines, foreign = [], []
    for number, line in enumerate(data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"), 1):
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            text = line.decode("cp1252", errors="replace")
            foreign.append(number)
        lines.append(text + "\n")
    if foreign:
        reading.warn(
            Place(name, foreign[0]),
            _("%d lines are not UTF-8 and were read as Windows-1252, this one first.") % len(foreign),
        )
    return lines if any(line.strip() for line in lines) else []


def _records(
    lines: list[str], delimiter: str, name: str, reading: Reading
) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of each row; one that spans lines without the header's width began with a stray quote."""
    start, width = 0, None
    while start < len(lines):
        source = csv.reader(lines[start : start + MAX_LINES], delimiter=delimiter)
        begun = 0
        for cells in source:
            spanned = source.line_num - begun
            if width is not None and spanned > 1 and len(cells) != width:
                reading.error(Place(name, start + begun + 1), _("A quotation mark is not closed here."))
                begun += 1
                break
            width = width or len(cells)
            if cells:
                yield start + begun + 1, cells
            begun = source.line_num
            if begun > MAX_LINES // 2 and start + MAX_LINES < len(lines):
                break  # a fresh window before the rows reach its end
        start += begun


def _refusal(cells: list[str], width: int) -> str:
    """Why the row cannot be used, or nothing."""
    if any(cells[width:]):
        return _("The row has %(found)d cells, the header has %(expected)d.") % {
            "found": len(cells),
            "expected": width,
        }
    longest = max(len(cell) for cell in cells)
    if longest > MAX_FIELD:
        return _("A cell has %(found)d characters, at most %(allowed)d can be read.") % {
            "found": longest,
            "allowed": MAX_FIELD,
        }
    if any("\0" in cell for cell in cells):
        return _("A cell contains a NUL character: the file is damaged here.")
    return ""
