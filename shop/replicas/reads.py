"""reading(): a stretch of work whose reads go to one replica that has replayed what they need.

Its transaction is READ COMMITTED, and its first statement asks how far the replica has got: every later one
sees at least that. Asked the other way round, a row could be older than the position that vouches for it.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections, transaction
from django.db import Error as DatabaseError

from shop import marks
from shop.marks import Position, lsn_of
from shop.postgresql.base import patience
from shop.replicas.rotation import rotation

# Out of time, in conflict with what is replayed, or in a deadlock with it. One statement's fault or bad luck:
# the server is well, and a slow page or a VACUUM of the primary would empty the rotation.
OF_A_STATEMENT = frozenset({"57014", "40001", "40P01"})
_ASK = """
    SELECT pg_is_in_recovery(), pg_last_wal_replay_lsn()::text, beat.timeline,
        extract(epoch FROM clock_timestamp() - beat.at)::float
    FROM (SELECT 1) AS one LEFT JOIN replicas_heartbeat beat ON true
"""
T = TypeVar("T")
_alias: ContextVar[str] = ContextVar("where reads go", default=DEFAULT_DB_ALIAS)


class Lost(Exception):
    """The replica failed in the middle: all that was read there is to be read again, on the primary."""


class _Unfit(Exception):
    """It answers, and is not to be read from: it lags, or is a primary by now."""


def alias() -> str:
    """The database that reads go to now: "default", unless inside of reading()."""
    return _alias.get()


@contextmanager
def reading(at_least: Position | None) -> Iterator[Position | None]:
    """Reads within go to a replica that has replayed `at_least`; gives how far it had got before the first.

    Gives None, and reads stay on the primary, if no such replica is at hand. Lost if it fails within.
    None instead of a position is for who has no primary: whatever replica answers, however old it is, on
    timeline 0 if it has never seen a heartbeat. Nobody may keep what is read so.
    """
    for name in rotation.in_turn(late=at_least is None):
        is_given, is_its_own = False, True
        try:
            with transaction.atomic(using=name):
                try:
                    position = _position(name, at_least)
                    if position is None:
                        continue
                    is_given = True
                    with _reads_on(name):
                        yield position
                except DatabaseError:  # a rollback that succeeds forgets whose it was
                    is_its_own = not is_given or connections[name].errors_occurred
                    _forget_if_gone(name)
                    raise
            return
        except _Unfit as unfit:
            rotation.rest(name, unfit, is_late=True)
        except DatabaseError as error:
            # Any error counts, an unknown column too: a replica knows a new release's migration later.
            if is_its_own and not (is_given and is_of_a_statement(error)):
                rotation.rest(name, error)
                connections[name].close()
            if is_given:
                raise Lost(f"{name}: {error}") from error
    yield None


@contextmanager
def read_replica(needs: Iterable[str]) -> Iterator[Position | None]:
    """reading() on a replica that knows what these customers did: keys ("customer/7") of marks.customers.

    The primary, and None, if no mark can be had of them. For a stretch of queries that write nothing.
    """
    begun = marks.customers.begin() if settings.DATABASE_REPLICAS else None
    if begun is None:
        yield None
        return
    with reading(begun.floor) as position:
        if position is None or _knows(begun, needs, position):
            yield position
            return
        with _reads_on(DEFAULT_DB_ALIAS):
            yield None


def read(work: Callable[[], T], *, needs: Iterable[str]) -> T:
    """What `work` reads, in read_replica(needs); once more on the primary if the replica fails meanwhile.

    It gives finished values: a queryset would be read later, wherever that is.
    """
    try:
        with read_replica(needs):
            return work()
    except Lost:
        return work()


def _knows(begun: marks.Begun, needs: Iterable[str], position: Position) -> bool:
    try:
        return not marks.customers.judge(begun, needs, position).behind
    except marks.MarksAway:
        return False


@contextmanager
def _reads_on(name: str) -> Iterator[None]:
    token = _alias.set(name)
    try:
        yield
    finally:
        _alias.reset(token)


def _position(name: str, at_least: Position | None) -> Position | None:
    """How far it has replayed, if that is enough; in the transaction's first statement."""
    connection = connections[name]
    with patience(connection, settings.REPLICA_ANSWER_MS / 1000), connection.cursor() as cursor:
        cursor.execute(_ASK)
        is_replica, replayed, timeline, age = cursor.fetchone()
    if not is_replica:
        raise _Unfit("it is not a replica any more")
    position = Position(timeline or 0, lsn_of(replayed))
    if at_least is not None:
        if age is None or age > settings.REPLICA_MOST_LAG_SECONDS:
            raise _Unfit("it has seen no heartbeat" if age is None else f"it is {age:.0f} seconds behind")
        rotation.keep(name)
        if position.timeline != at_least.timeline or position.lsn < at_least.lsn:
            return None
    connection.errors_occurred = False
    return position


def _forget_if_gone(name: str) -> None:
    """Else the end of the transaction connects anew, and a replica that is stopped costs two seconds more."""
    connection = connections[name]
    if connection.connection is not None and connection.connection.closed:
        connection.close()


def is_of_a_statement(error: DatabaseError) -> bool:
    """Whether it would fail anywhere, took too long, or had to give way; all else is the server's."""
    is_of_the_server = isinstance(error, OperationalError | InterfaceError)
    return not is_of_the_server or getattr(error.__cause__, "sqlstate", None) in OF_A_STATEMENT
