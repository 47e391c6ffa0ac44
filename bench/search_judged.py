"""Judged queries, and how good a search is by them: NDCG@10, and how much of what it shows was judged.

A file has a line for each judgement: query, docid, rating (0 is wrong, 3 could not be better), its columns in
any order, others beside them. What was not judged counts as wrong.
"""

import csv
import math
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

SHOWN = 10  # that a search is judged by
COLUMNS = ("query", "docid", "rating")
HIGHEST = 100.0  # whatever scale somebody has: 2^1000 is no gain


class Unreadable(Exception):
    """The file is none of judgements; why."""


@dataclass
class Judgements:
    """Ratings by query and docid, as the file has them; what could not be read of it, by line."""

    ratings: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    left_out: list[tuple[int, str]] = field(default_factory=list)


def read(path: Path) -> Judgements:
    """All of a file; of two ratings of one pair the later. Raises Unreadable if there is none."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path} is no text in UTF-8: save it as that") from error
    head = next((line for line in lines if line.strip()), "")
    separator = max(",;\t", key=head.count)
    rows = csv.reader(lines, delimiter=separator)
    places, judged = dict[str, int](), Judgements()
    try:
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if not places:
                places = _places(path, row)
            else:
                _take(judged, rows.line_num, [row[at] if at < len(row) else "" for at in places.values()])
    except csv.Error as error:
        raise Unreadable(f"{path}, line {rows.line_num}: {error}") from error
    if not judged.ratings:
        said = "; ".join(f"line {line}: {why}" for line, why in judged.left_out[:3])
        raise Unreadable(f"{path} has no judgement in it{f' ({said})' if said else ''}")
    return judged


def _places(path: Path, head: Sequence[str]) -> dict[str, int]:
    names = [name.strip().lower() for name in head]
    if missing := [name for name in COLUMNS if name not in names]:
        needs, has = ", ".join(missing), ", ".join(filter(None, names)) or "nothing"
        raise Unreadable(f"{path} lacks the columns {needs}: its first line has {has[:200]}")
    return {name: names.index(name) for name in COLUMNS}


def _take(judged: Judgements, line: int, cells: Sequence[str]) -> None:
    query, docid, told = (" ".join(cell.split()) for cell in cells)
    if docid.endswith(".0") and docid[:-2].isdecimal():  # a number to whatever wrote the file
        docid = docid[:-2]
    if not query or not docid:
        judged.left_out.append((line, "no query" if not query else "no docid"))
        return
    try:
        rating = float(told)
    except ValueError:
        rating = math.nan
    if not 0 <= rating <= HIGHEST:
        judged.left_out.append((line, f"the rating “{told[:40]}” is no number from 0 to {HIGHEST:g}"))
        return
    judged.ratings[query][docid] = rating


def gain(ratings: Iterable[float]) -> float:
    """Discounted by place: 2^rating − 1 over the logarithm of the place and one."""
    return sum((2**rating - 1) / math.log2(place + 2) for place, rating in enumerate(ratings))


def ndcg(shown: Sequence[Hashable], ratings: Mapping[Hashable, float]) -> float:
    """The gain of the first ten beside that of the ten best judged, shown or not; of a relevant query."""
    best = sorted(ratings.values(), reverse=True)[:SHOWN]
    return gain(ratings.get(one, 0.0) for one in shown[:SHOWN]) / gain(best)


def judged_share(shown: Sequence[Hashable], ratings: Collection[Hashable]) -> float:
    """Of the first ten, or of all if there are fewer; where nothing is shown, 0."""
    first = shown[:SHOWN]
    return sum(one in ratings for one in first) / len(first) if first else 0.0
