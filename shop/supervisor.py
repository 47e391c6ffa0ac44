"""What `make demo` starts, in which order, and how it all stops."""

import contextlib
import os
import sys
import time
from collections.abc import Sequence

from shop import embedded, opening
from shop.processes import Supervisor
from shop.terminal import CLONE, say, shown, step

HOME = opening.Home(CLONE / ".demo", "demo")
WELCOME = """
  The shop is open after {seconds:.0f} s.

    Shop   http://127.0.0.1:{port}
    Admin  http://127.0.0.1:{port}/admin/
           merchant@deckle.test, password paper-and-ink
    Mail   http://127.0.0.1:{port}/dev/mail/
    Logs   {logs}/

  Ctrl-C closes it; the data stay for the next time.
"""


def demo() -> None:
    """Run the shop until someone says stop."""
    began_at = time.monotonic()
    port = opening.number("PORT", 8000, "demo PORT=8001")
    with HOME.alone(f"http://127.0.0.1:{port}"), contextlib.ExitStack() as stack:
        HOME.check_port(port)
        with step("Starting PostgreSQL and Redis"):
            named = embedded.is_named
            urls = stack.enter_context(
                embedded.services(
                    HOME.folder, database=not named("DATABASE_URL"), cache=not named("REDIS_URL")
                )
            )
        os.environ.update(embedded.environment(HOME.folder, urls, port))
        web = opening.web("web", port, workers=2)
        supervisor = Supervisor([web, *opening.behind()], HOME.logs, lambda line: say(f"  {line}"))
        stack.callback(supervisor.stop)
        if HOME.prepare(is_own_database=bool(urls.database)):
            supervisor.start(web)  # two cores: it opens while we look whether all the goods are there
        with step("Putting the goods on the shelves", has_lines=True):
            HOME.run("load_demo", is_shown=True)
        with step("Opening the shop"):
            if not web.process:
                supervisor.start(web)
            opening.wait_for(supervisor, web, port, ("/healthz", "/"))
        say(WELCOME.format(seconds=time.monotonic() - began_at, port=port, logs=shown(HOME.logs)))
        supervisor.watch()  # which starts the others now: the pages are what someone waits for


def reset() -> None:
    """Remove the demo's data; refuses while someone uses them."""
    embedded.reset(HOME.folder)
    say("The demo's data are gone; `make demo` begins anew.")


def main(arguments: Sequence[str]) -> int:
    """`python -m shop.supervisor demo|reset`; the exit status."""
    return opening.main({"demo": demo, "reset": reset}, arguments, "shop.supervisor")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
