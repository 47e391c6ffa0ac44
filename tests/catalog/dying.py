"""A process that imports in copies of itself, to be killed: python -m tests.catalog.dying FOLDER BATCH.

Copies of the test's own process would share its browser's threads and its connections. For each line that
it reads a copy begins: its process id is printed, then how it ended. A line may name where it dies by itself.
"""

import os
import signal
import sys
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402 (after setup)

from catalog import pricing  # noqa: E402
from catalog.importing import around, load  # noqa: E402


def dies(*_args: Any, **_options: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(folder: str, batch: str) -> None:
    load.BATCH = int(batch)
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            if line.strip() == "before the stock":
                pricing.apply_sales = dies  # type: ignore[assignment]
            if line.strip() == "behind the goods":
                around._pages = dies  # type: ignore[assignment]
            call_command("import_catalog", "magento", folder, stdout=sys.stderr)
            os._exit(0)
        print(pid, flush=True)  # noqa: T201
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
