"""A process that reindexes in copies of itself, which are killed: python -m tests.search.killed.

As tests.catalog.dying. For each line that it reads a copy begins, and dies by SIGKILL at the moment that the
line names; how it ended is printed.
"""

import os
import signal
import sys
from collections.abc import Callable
from itertools import count
from typing import Any

import django

django.setup()

from catalog.search import client, indices, keeping, rebuilding  # noqa: E402 (after setup)
from tests import engines  # noqa: E402

# What it dies in, and how often that goes well before.
MOMENTS = {
    "as it reads the first": (keeping, "version", 0),
    "in the middle": (rebuilding, "_write", 2),
    "before the swap": (indices, "swap", 0),
    "behind the swap": (keeping, "refreshed", 0),
}


def dying(real: Callable[..., Any], spared: int) -> Callable[..., Any]:
    calls = count()

    def call(*args: Any, **options: Any) -> Any:
        if next(calls) == spared:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **options)

    return call


def main() -> None:
    if not os.environ.get("TESTS_ENGINE"):
        client.node_class = engines.PlainNode
    rebuilding.BATCH = 1
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            module, name, spared = MOMENTS[line.strip()]
            setattr(module, name, dying(getattr(module, name), spared))
            rebuilding.reindex()
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
