"""python -m tests.checkout.dying: for each line told, a child that orders, pays and dies at the moment named.

at: the how manyth moment before or after a statement, a COMMIT or a word of the provider's; "confirmed":
right after the provider has taken the money.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import django

django.setup()

from django.db import connection, connections  # noqa: E402 (reads the settings)
from django.db.backends.base.base import BaseDatabaseWrapper  # noqa: E402
from django.test import Client  # noqa: E402

from orders import refunds, states  # noqa: E402
from orders.gateways import stripe  # noqa: E402
from orders.models import Order  # noqa: E402
from shop.outbox import drain  # noqa: E402

NEVER = 0


class Steps:
    """Counts the moments; at one of them the process is gone."""

    def __init__(self, at: int | str) -> None:
        self.seen, self.at = 0, at

    def __call__(self) -> None:
        self.seen += 1
        if self.seen == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            self()
            answer = call(*args, **kwargs)
            if self.at == "confirmed" and "-confirm-" in str(args[-1]):
                os.kill(os.getpid(), signal.SIGKILL)
            self()
            return answer

        return counted


def live(at: int | str, cookies: dict[str, str], form: dict[str, str], changes_mind: bool) -> None:
    """What happens to an order."""
    steps = Steps(at)
    client = Client(HTTP_HOST="testserver")
    client.cookies.load(cookies)
    with (
        patch.object(stripe, "ask", steps.around(stripe.ask)),
        patch.object(BaseDatabaseWrapper, "_commit", steps.around(BaseDatabaseWrapper._commit)),
        connection.execute_wrapper(lambda execute, *rest: steps.around(execute)(*rest)),
    ):
        client.post("/checkout/review/", form)
        order = Order.objects.order_by("pk").last()
        if changes_mind and order is not None and states.can_move(order, "cancelled"):
            states.move(order, "cancelled")
            if refunds.left(order):
                refunds.refund(order, refunds.left(order))
        drain.drain("high")


def main() -> None:
    """The first of each kind is lived through by the parent: what it has read and compiled by then, each
    child has too. That takes longer than to order does."""
    known = set[bool]()
    for line in sys.stdin:
        told = json.loads(line)
        if told["at"] == NEVER and told["changes_mind"] not in known:
            known.add(told["changes_mind"])
            live(**told)
            sys.stdout.write("lived\n")
            sys.stdout.flush()
            continue
        connections.close_all()
        child = os.fork()
        if child == 0:
            try:
                live(**told)
            finally:
                os._exit(0)
        _pid, status = os.waitpid(child, 0)
        sys.stdout.write("killed\n" if os.WIFSIGNALED(status) else "lived\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
