"""Who has done something to an order meets no replica that does not know of it: its customer is marked.

shop.marks.customers keeps the primary's position of after the commit; shop.replicas compares with it. Who has
no mark has done nothing since the epoch began, and needs a replica that has replayed its beginning. A process
that is killed between COMMIT and mark leaves none: then its customer may meet a replica's history without the
order for as long as a replica may lag (REPLICA_MOST_LAG_SECONDS); the order itself, by its link, never.
"""

import logging
import time
from dataclasses import dataclass

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection, transaction

from shop import marks
from shop.outbox import outbox

logger = logging.getLogger(__name__)


def key(customer_id: int) -> str:
    """Of a customer, among shop.marks.customers."""
    return f"customer/{customer_id}"


def after_commit(customer_id: int | None) -> None:
    """Marks the customer of a changed order when the transaction has committed, once; None: a guest's.

    Call it after the write: outside of a transaction it is committed already, and marked at once.
    Where there are no replicas nobody asks, and no buyer waits for a Redis that is slow.
    """
    if customer_id is None or not settings.DATABASE_REPLICAS:
        return
    mark = _Mark(customer_id)
    if not (connection.in_atomic_block and any(call[1] == mark for call in connection.run_on_commit)):
        transaction.on_commit(mark)


def repeat(customer_id: int, at: float) -> None:
    """A mark that could not be set at that time (seconds since 1970). MarksAway if it cannot be now either.

    It is of no use any more once every replica in rotation must have replayed what it stands for.
    """
    if time.time() - at <= 2 * settings.REPLICA_MOST_LAG_SECONDS:
        marks.customers.mark_now([key(customer_id)])


@dataclass(frozen=True)
class _Mark:
    """Before COMMIT the position would be too low, and a replica that lacks the order would do."""

    customer_id: int

    def __call__(self) -> None:
        """Never raises: what was committed has happened."""
        try:
            marks.customers.mark_now([key(self.customer_id)])
        except (marks.MarksAway, DatabaseError) as error:
            logger.warning("Customer %d is marked later: %s", self.customer_id, error)
            try:
                outbox.enqueue("orders.mark_customer", self.customer_id, time.time(), queue="high")
            except DatabaseError:
                logger.exception("Customer %d may meet an old order history.", self.customer_id)
