"""The receipt of an edit: how many pages it changed, and after how long they were live everywhere.

An edit is known by its transaction; what was derived from it is noted as caused by it (Change.causes).
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import BigIntegerField, F, Func, QuerySet, Value
from django.db.models.functions import Cast, Coalesce, Now

from shop.changes.models import Change
from shop.edge.models import Receipt
from shop.outbox.models import Message

KEPT = timedelta(days=1)


class Told(NamedTuple):
    """state: pending, retrying, given up or done. pages: None if the edge does not count, or none was purged.

    after: None until done, zero if no page shows it. error: why a purge is tried again, or was given up.
    """

    state: str
    pages: int | None
    after: timedelta | None
    error: str = ""


def begin() -> int:
    """Asks for a receipt of what this transaction changes; the number by which to ask for it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        (number,) = cursor.fetchone()
    Receipt.objects.get_or_create(transaction=number)
    return int(number)


def note(causes: Sequence[int], pages: int | None, error: str = "", token: int = 0) -> None:
    """What a purge has let go, or why it has not; then the retry has this token."""
    if error:
        _asked_for(causes).update(failing=_with("array_append", token), error=error)
    else:
        _asked_for(causes).update(live_at=Now(), **_counted(pages))


def settle(causes: Sequence[int], pages: int | None, token: int) -> None:
    """A purge that had failed has succeeded. It may be told twice, as jobs may run twice."""
    waiting = _asked_for(causes).filter(failing__contains=[token])
    waiting.update(live_at=Now(), failing=_with("array_remove", token), **_counted(pages))


def tell(number: int) -> Told | None:
    """How far that edit has come; None if nobody asked for its receipt, or it is forgotten."""
    # Looked at first: a change that is done by then has written down what was let go.
    is_open = Change.objects.filter(done_at=None, causes__contains=[number]).exists()
    receipt = Receipt.objects.filter(transaction=number).first()
    if receipt is None:
        return None
    if receipt.failing:
        state = "given up" if _buried(number) else "retrying"
        return Told(state, receipt.pages, None, receipt.error)
    if is_open:
        return Told("pending", receipt.pages, None)
    after = receipt.live_at - receipt.began_at if receipt.live_at else timedelta(0)
    return Told("done", receipt.pages, after)


def forget() -> None:
    """Each minute: what nobody looks at any more."""
    Receipt.objects.filter(began_at__lt=Now() - KEPT).delete()


def _buried(number: int) -> bool:
    """Whether a purge that this edit waits for is tried no more."""
    dead = Message.objects.filter(job="edge.purge", dead_at__isnull=False)
    return dead.filter(args__1__contains=number).exists()


def _asked_for(causes: Sequence[int]) -> QuerySet[Receipt]:
    return Receipt.objects.filter(transaction__in=list(causes))


def _with(function: str, token: int) -> Func:
    return Func(F("failing"), Cast(Value(token), BigIntegerField()), function=function)


def _counted(pages: int | None) -> dict[str, Any]:
    return {} if pages is None else {"pages": Coalesce(F("pages"), 0) + pages}
