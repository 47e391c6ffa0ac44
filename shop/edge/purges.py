"""What every purge has in common: keys as they travel, and all of it acknowledged or an error."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from shop.edge.calls import Answer, Call, ask
from shop.outbox.away import Away

TEMPORARY = {408, 425, 429}  # and every 5xx


@dataclass(frozen=True)
class Failure:
    """Who did not acknowledge, and why. `retry_after`: seconds it asks us to wait, if it said so."""

    who: str
    why: str
    is_temporary: bool
    retry_after: int | None = None


class PurgeFailed(Away):
    """Somebody still keeps what should be gone. Temporary: to be tried again as it is.

    keys: as they travel, those of the calls that were not acknowledged; empty if that is not known.
    """

    def __init__(self, failures: Sequence[Failure], keys: Iterable[str] = ()) -> None:
        # A node that missed several calls for one reason is told once.
        super().__init__("; ".join(dict.fromkeys(f"{failure.who}: {failure.why}" for failure in failures)))
        self.failures = list(failures)
        self.keys = frozenset(keys)
        self.is_temporary = all(failure.is_temporary for failure in failures)
        self.retry_after = max((failure.retry_after or 0 for failure in failures), default=0) or None


def acknowledged(
    calls: Sequence[Call], seconds: float, refusal: Callable[[Call, Answer], str | None]
) -> list[Answer]:
    """The answers, in the order of the calls. `refusal` says why a 200 acknowledges nothing, None if it does.

    Raises PurgeFailed with everybody who did not acknowledge within `seconds`.
    """
    answers, failures = [], []
    missed: set[str] = set()
    for call, answer in zip(calls, ask(calls, seconds), strict=True):
        if isinstance(answer, str):
            failures.append(Failure(call.who, answer, is_temporary=True))
        elif answer.status != 200:
            is_temporary = answer.status in TEMPORARY or answer.status >= 500
            failures.append(Failure(call.who, f"answered {answer.status}", is_temporary, _wait(answer)))
        elif why := refusal(call, answer):
            failures.append(Failure(call.who, why, is_temporary=False))
        else:
            answers.append(answer)
            continue
        missed.update(call.keys)
    if failures:
        raise PurgeFailed(failures, missed)
    return answers


def _wait(answer: Answer) -> int | None:
    """Seconds that we are asked to wait. Fastly names the moment: epoch seconds, of our clock or one near."""
    if (text := answer.headers.get("Retry-After", "").strip()).isascii() and text.isdigit():
        return int(text)
    if (text := answer.headers.get("Fastly-RateLimit-Reset", "").strip()).isascii() and text.isdigit():
        return max(1, int(text) - int(time.time()))
    return None


def written(keys: Collection[str]) -> list[str]:
    """The keys as they travel, each once: no space, comma or line end, so that none becomes two."""
    return list(dict.fromkeys(quote(key, safe="/:~") for key in keys))


def lines(keys: Collection[str], longest: int) -> Iterator[str]:
    """The keys in lines of at most `longest` bytes, separated by spaces. ValueError for a longer key."""
    line = ""
    for key in written(keys):
        if len(key) > longest:
            raise ValueError(f"a key of {len(key)} bytes")
        if line and len(line) + 1 + len(key) > longest:
            yield line
            line = key
        else:
            line = f"{line} {key}" if line else key
    if line:
        yield line


def batches(keys: Collection[str], size: int) -> list[list[str]]:
    """The keys as they travel, in lists of at most `size`."""
    every = written(keys)
    return [every[start : start + size] for start in range(0, len(every), size)]
