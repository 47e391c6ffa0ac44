"""A merchant's CSV file → rows by column name with their line numbers, whatever a spreadsheet did to it.

A row that cannot be read is a problem with its line; reading goes on at the next line.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from catalog.importing.records import Place, Reading

MAX_FIELD = 500_000  # characters: a description longer than that is a broken file
MAX_LINES = 2_000  # of one row: an unclosed quote would otherwise swallow the rest of the file
# What a text in Windows-1252 hardly has: no sign at all, a sign within a word, letters with marks in a row,
# ì and ù before others (Czech ě and ů: in Italian they end words).
_ODD = re.compile(
    r"[\ufffd\x01-\x08\x0b\x0c\x0e-\x1f\x7f]"
    r"|[^\W\d_][¡-£¥¦¨ª¬¯±-³µ¶¸-º¼-¿˜ˆ†‡ƒ‹›‚„]+[^\W\d_]"
    r"|(?:^|[^\w])[£¥¦¨¬¯±-³¶¸¹¼-¾ˆ˜†‡]+[À-ÖØ-öø-ÿ]"
    r"|[ìù][a-zà-ÿ]"
    r"|[À-ÏÑ-ÖØ-Ýß-ïñ-öø-ýÿŠšŽžŒœŸƒ]{3}"
)
DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True)
class Row:
    """One row: its cells by lower-case column name, stripped."""

    place: Place
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(frozen=True)
class Table:
    """A file that could be opened: its column names in lower case, and its lines."""

    name: str
    header: tuple[str, ...]
    lines: list[str]
    delimiter: str

    def rows(self, reading: Reading, *, whole: bool = False, torn: list[Row] | None = None) -> Iterator[Row]:
        """Its rows; `whole`: one with fewer cells than the header was cut. `torn` takes what is refused."""
        before = csv.field_size_limit(2**31 - 1)  # our own limit names the row and goes on
        try:
            records = list(_records(self.lines, self.delimiter, self.name, reading))
        finally:
            csv.field_size_limit(before)
        width = len(self.header)
        for number, cells in records[1:]:
            place = Place(self.name, number)
            if not any(cell.strip() for cell in cells):
                continue
            padded = cells[:width] + [""] * (width - len(cells))
            # Of two columns with one name the first counts.
            row = Row(
                place, dict(reversed([(c, v.strip()) for c, v in zip(self.header, padded, strict=True)]))
            )
            reason = _refusal(cells, width, whole)
            if reason:
                reading.error(place, reason, cells[0].strip()[:80].replace("\0", ""))
                if torn is not None:
                    torn.append(row)
                continue
            yield row

    def rows_with(self, required: tuple[str, ...], reading: Reading) -> Iterator[Row]:
        """Its rows; raises Unreadable if it lacks one of these columns."""
        missing = [column for column in required if column not in self.header]
        if missing:
            raise Unreadable(_("These columns are missing: %s.") % ", ".join(missing))
        yield from self.rows(reading)


class Unreadable(Exception):
    """The file as a whole cannot be used; the text says why."""


def open_table(path: Path, reading: Reading, name: str = "") -> Table:
    """The file, called `name` in what is said of it; raises Unreadable for what is no table at all."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Unreadable(_("The file cannot be opened: %s.") % error.strerror) from error
    return as_table(data, reading, name or path.name)


def as_table(data: bytes, reading: Reading, name: str) -> Table:
    """The same of bytes: the first of a file are enough to know its columns."""
    lines = _decode(data, name, reading)
    if not lines:
        raise Unreadable(_("The file is empty."))
    delimiter = max(DELIMITERS, key=lines[0].count)
    try:
        cells = next(csv.reader(lines[:1], delimiter=delimiter), [])
    except csv.Error as error:
        raise Unreadable(_("Its first line is no header of columns.")) from error
    return Table(name, tuple(cell.replace("\0", "").strip().lower() for cell in cells), lines, delimiter)


def _decode(data: bytes, name: str, reading: Reading) -> list[str]:
    """Lines with their ends. What is not UTF-8 is read as Windows-1252, line by line, with one warning."""
    encoding = wide(data)
    if encoding:
        text = data.decode(encoding, errors="replace").removeprefix("\ufeff")
        return _lines([line + "\n" for line in re.split(r"\r\n|\r|\n", text)])
    data = data.removeprefix(b"\xef\xbb\xbf")
    lines: list[str] = []
    foreign: list[int] = []  # numbers of lines
    is_utf_8 = False  # some line could be nothing else
    for number, line in enumerate(data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"), 1):
        try:
            text = line.decode("utf-8")
            is_utf_8 = is_utf_8 or not text.isascii()
        except UnicodeDecodeError:
            text = line.decode("cp1252", errors="replace")
            foreign.append(number)
        lines.append(text + "\n")
    if foreign:
        _check_language([lines[number - 1] for number in foreign], len(lines), foreign[0], is_utf_8)
        reading.warn(
            Place(name, foreign[0]),
            _("%d lines are not UTF-8 and were read as Windows-1252, this one first.") % len(foreign),
        )
    return _lines(lines)


def _check_language(foreign: list[str], count: int, first: int, is_utf_8: bool) -> None:
    """Raises Unreadable if what was read as Windows-1252 is nothing that is written in it.

    That is for the languages of western Europe. Text in another code shows, in a good part of its lines,
    bytes that mean nothing there, signs in the midst of words ("¯ó³ty") or three foreign letters in a row
    ("Ñòóë"). A line or two among many, or a file that is UTF-8 elsewhere, is damage: its rows tell.
    """
    odd = sum(bool(_ODD.search(line)) for line in foreign)
    if odd * 4 >= len(foreign) and not is_utf_8 and (odd > 2 or len(foreign) * 20 >= count):
        raise Unreadable(
            _("The file is in an encoding that is not known (line %d): save it as UTF-8 and send it again.")
            % first
        )


def wide(data: bytes) -> str:
    """The encoding of a file in two bytes a character, which may not say so; empty: it is none."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    sample = data[:200]
    if len(sample) >= 4 and not any(sample[1::2]):
        return "utf-16-le"
    return "utf-16-be" if len(sample) >= 4 and not any(sample[::2]) else ""


def _lines(lines: list[str]) -> list[str]:
    return lines if any(line.strip() for line in lines) else []


def _records(
    lines: list[str], delimiter: str, name: str, reading: Reading
) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of each row; one that spans lines without the header's width began with a stray quote."""
    start, width = 0, None
    while start < len(lines):
        source = csv.reader(lines[start : start + MAX_LINES], delimiter=delimiter, strict=True)
        begun = 0
        while True:
            try:
                cells = next(source)
                is_torn = width is not None and source.line_num - begun > 1 and len(cells) != width
            except StopIteration:
                break
            except csv.Error:  # the end of the file, or text behind a closing mark: another row's cell
                is_torn = True
            if is_torn:
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


def _refusal(cells: list[str], width: int, whole: bool) -> str:
    """Why the row cannot be used, or nothing."""
    if any(cells[width:]) or (whole and len(cells) < width):
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
