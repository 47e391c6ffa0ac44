"""press(): sets the words of one paper as PDF. It knows typst and no Django: a process may do only that.

`python -m orders.papers.press` reads a Job as JSON from its standard input and writes the PDF. The compiler
remembers the ten newest papers, which is 100 MB for one of 1,000 lines: such a process takes that along.
"""

import json
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import typst

STANDARDS: list["typst.PDFStandard"] = ["a-3a", "ua-1"]  # archives; screen readers


class Job(NamedTuple):
    """The template, its words as JSON, where fonts lie, and the moment that the file says it is from."""

    template: str
    words: str
    fonts: Sequence[str]
    at: int


def press(job: Job) -> bytes:
    """The PDF; typst.TypstError says what is wrong."""
    made = compiler(job.template, tuple(job.fonts)).compile(
        sys_inputs={"paper": job.words}, pdf_standards=STANDARDS, timestamp=job.at
    )
    assert isinstance(made, bytes)
    return made


@cache
def compiler(template: str, fonts: tuple[str, ...]) -> typst.Compiler:
    """Kept, for its fonts and for what papers have in common."""
    root = Path(template).parent
    return typst.Compiler(template, root=root, font_paths=list(fonts), ignore_system_fonts=True)


if __name__ == "__main__":
    sys.stdout.buffer.write(press(Job(*json.load(sys.stdin))))
