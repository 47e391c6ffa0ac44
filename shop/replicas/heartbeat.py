"""beat(): the primary says when and on which timeline it was; its replicas repeat it as they get to know.

`now() - pg_last_xact_replay_timestamp()` is no such clock: on an idle, healthy pair it grows for ever.
"""

import threading

from django.db import Error as DatabaseError
from django.db import connection


def beat() -> None:
    """Writes the heartbeat, outside any transaction; of several at once the later one stays.

    Raises the database's errors: OperationalError on a standby.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO replicas_heartbeat AS kept (id, at, timeline)
            SELECT 1, clock_timestamp(), ('x' || left(pg_walfile_name(at), 8))::bit(32)::bigint
            FROM pg_current_wal_insert_lsn() AS at
            ON CONFLICT (id) DO UPDATE SET at = clock_timestamp(), timeline = excluded.timeline
            """
        )


def beat_until(stopping: threading.Event, interval: float) -> None:
    """Beats every `interval` seconds, however long anybody's work takes: run it in a thread of its own.

    Without the database it goes on trying and says nothing: who works beside it does.
    """
    try:
        while not stopping.is_set():
            try:
                beat()
            except DatabaseError:
                connection.close()
            stopping.wait(interval)
    finally:
        connection.close()
