"""What a person at the terminal reads while something starts."""

import contextlib
import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

CLONE = Path(__file__).resolve().parent.parent


def say(line: str, end: str = "\n") -> None:
    """At once, whatever the output is."""
    print(line, end=end, flush=True)


@contextlib.contextmanager
def step(title: str, *, has_lines: bool = False) -> Iterator[None]:
    """Names what is done now, then how long it took."""
    began_at = time.monotonic()
    say(f"  {title} …", end="\n" if has_lines else " ")
    try:
        yield
    except BaseException:
        say("")
        raise
    seconds = f"{time.monotonic() - began_at:.1f} s"
    say(f"    {seconds}" if has_lines else seconds)


def show(output: int, log: Path) -> None:
    """Lines as they come and progress bars as they grow; a traceback is left to the log."""
    is_terminal, is_hidden, noted_at, begun = sys.stdout.isatty(), False, 0.0, b""
    with log.open("ab", buffering=0) as copy:
        while chunk := os.read(output, 65_536):
            copy.write(chunk)
            *pieces, begun = re.split(rb"(?<=[\r\n])", begun + chunk)
            for piece in pieces:
                text = piece.decode(errors="replace").rstrip()
                is_hidden |= text.startswith("Traceback ")
                if is_terminal and not is_hidden:
                    say(f"\x1b[2K\r    {text}", end="\n" if text and piece.endswith(b"\n") else "\r")
                elif text and not is_hidden and (piece.endswith(b"\n") or time.monotonic() > noted_at + 5):
                    say(f"    {text}")
                    noted_at = time.monotonic()


def shown(path: Path) -> str:
    """As one would type it in the clone."""
    return str(path.relative_to(CLONE)) if path.is_relative_to(CLONE) else str(path)


def last_line(log: Path) -> str:
    """What went wrong, and where to read more."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return f"{lines[-1].strip() if lines else 'it said nothing'} (all of it: {shown(log)})"
