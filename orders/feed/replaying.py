"""Sending again: one delivery, all that were given up, or everything since a moment; and forgetting old ones.

What is sent again keeps its webhook-id, and its sequence if it had one: a receiver that has it already knows.
"""

from datetime import datetime

from django.db import connection, transaction
from django.db.models import Max, QuerySet
from django.db.models.functions import Coalesce, Now

from orders.models import FeedDelivery, FeedEndpoint

Status = FeedDelivery.Status
Stream = FeedDelivery.Stream

CHUNK = 2_000  # sources at a time: each is a transaction of its own
KEPT_DAYS, FAILED_KEPT_DAYS = 30, 90


def locked(deliveries: QuerySet[FeedDelivery]) -> QuerySet[FeedDelivery]:
    """These, locked in pk order until the transaction ends: an UPDATE alone takes rows as it finds them."""
    found = deliveries.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True)
    return FeedDelivery.objects.filter(pk__in=list(found))


@transaction.atomic
def again(deliveries: QuerySet[FeedDelivery]) -> int:
    """They begin anew, whatever became of them; how many."""
    return locked(deliveries).update(
        status=Status.WAITING, attempts=0, queued_at=Now(), due_at=Now(), closed_at=None, error=""
    )


def again_since(endpoint: FeedEndpoint, since: datetime) -> int:
    """Everything of its topics that happened since then, delivered or not, noticed or not; how many.

    An endpoint that was switched off has no deliveries of that time: they are made. May run twice.
    """
    return sum(_again(endpoint, stream, since) for stream in _SOURCES)


# Where events stand, and how they are called; both tables grow at their end.
_SOURCES = {
    Stream.ORDER: ("orders_orderevent", "'order.' || s.kind", ("order.*",)),
    Stream.STOCK: ("catalog_stockmovement", "'stock.changed'", ()),
}


def _again(endpoint: FeedEndpoint, stream: Stream, since: datetime) -> int:
    table, topic, everything = _SOURCES[stream]
    wants = bool({*everything} & {*endpoint.topics})
    statement = f"""
        WITH chosen AS (
            SELECT s.id, {topic} AS topic FROM {table} s
            WHERE s.id > %s AND s.at >= %s ORDER BY s.id LIMIT {CHUNK}
        ), begun AS (
            INSERT INTO orders_feeddelivery (endpoint_id, stream, source_id, topic)
            SELECT %s, %s, c.id, c.topic FROM chosen c WHERE %s OR c.topic = ANY(%s) ORDER BY c.id
            ON CONFLICT (endpoint_id, stream, source_id) DO UPDATE SET status = 'waiting', attempts = 0,
                queued_at = clock_timestamp(), due_at = clock_timestamp(), closed_at = NULL, error = ''
            RETURNING 1
        )
        SELECT (SELECT max(id) FROM chosen), (SELECT count(*) FROM begun)
    """  # noqa: S608 (of our own tables)
    after, count = 0, 0
    with connection.cursor() as cursor:
        while after is not None:
            cursor.execute(statement, [after, since, endpoint.pk, stream, wants, endpoint.topics])
            after, begun = cursor.fetchone()
            count += begun
    return count


def send_test(endpoint: FeedEndpoint) -> FeedDelivery:
    """A message that says nothing but that it came."""
    tests = FeedDelivery.objects.filter(endpoint=endpoint, stream=Stream.TEST)
    number = tests.aggregate(last=Coalesce(Max("source_id"), 0))["last"] + 1
    return FeedDelivery.objects.create(
        endpoint=endpoint, stream=Stream.TEST, source_id=number, topic="test.hello"
    )


# Endpoints that deliveries name, by hops in their index, and that are not there any more.
_GONE = """
    WITH RECURSIVE found AS (
        (SELECT endpoint_id FROM orders_feeddelivery ORDER BY endpoint_id LIMIT 1)
        UNION ALL
        SELECT (SELECT d.endpoint_id FROM orders_feeddelivery d WHERE d.endpoint_id > f.endpoint_id
            ORDER BY d.endpoint_id LIMIT 1)
        FROM found f WHERE f.endpoint_id IS NOT NULL
    )
    SELECT f.endpoint_id FROM found f WHERE f.endpoint_id IS NOT NULL
        AND NOT EXISTS (SELECT FROM orders_feedendpoint e WHERE e.id = f.endpoint_id)
"""
_FORGET = f"""
    DELETE FROM orders_feeddelivery WHERE id = ANY(ARRAY(
        SELECT id FROM orders_feeddelivery
        WHERE (status IN ('delivered', 'skipped') AND closed_at < now() - %s * interval '1 day')
            OR (status = 'failed' AND closed_at < now() - %s * interval '1 day')
            OR endpoint_id = ANY(ARRAY({_GONE}))
        LIMIT %s FOR UPDATE SKIP LOCKED
    ))
"""  # noqa: S608 (of our own making)


def forget_old(limit: int = 1_000) -> int:
    """Deletes at most so many that were done long ago, or whose endpoint is gone; how many."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, [KEPT_DAYS, FAILED_KEPT_DAYS, limit])
        return int(cursor.rowcount)
