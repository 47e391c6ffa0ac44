"""enqueue(): work that must not be lost becomes a row in the caller's transaction."""

from collections.abc import Callable
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

from django.apps import apps
from django.db.models.functions import Now

from shop import rows
from shop.outbox import bell
from shop.outbox.models import Message

QUEUES = ("changes", "high", "normal", "feed", "low")


class UnknownJob(LookupError):
    """No function of that name stands in its app's jobs module."""


def enqueue(
    job: str,
    *args: Any,
    queue: str = "normal",
    due: datetime | None = None,
    due_in: timedelta | None = None,
    ahead: timedelta = timedelta(0),
    once: bool = False,
) -> Message:
    """Writes the row that is the job, and rings after commit unless it is due later.

    job: "orders.send_confirmation", the function `send_confirmation` of orders/jobs.py. args: ids and texts,
    what JSON can hold. due: a moment of the world's, when a sale begins; due_in: so long from now, by the
    database's clock, as this machine's may be fast; ahead: now, and before what its queue has had waiting for
    less than that. once: the same job with the same arguments and moment that still waits is enough.
    """
    if queue not in QUEUES:
        raise ValueError(f"there is no queue {queue!r}, only {', '.join(QUEUES)}")
    if due_in is not None and (once or due is not None):
        raise ValueError("due_in names no moment: it goes neither with due nor with once")
    if once:
        waiting = Message.objects.filter(
            job=job, args=list(args), queue=queue, done_at=None, dead_at=None, lease_until=None
        )
        waiting = waiting.filter(due_at=due) if due else waiting.filter(due_at__lte=Now(), tries=0)
        if (found := waiting.first()) is not None:
            return found
    message = Message(job=job, args=list(args), queue=queue)
    if due is not None:
        message.due_at = message.first_due_at = due
    elif due_in is not None or ahead:
        message.due_at = message.first_due_at = Now() + (due_in or -ahead)
    rows.insert(message)
    if message.due_at <= message.created_at:  # both as the database has written them
        bell.ring(queue, bell.DRAIN, queue)
    return message


def resolve(job: str) -> Callable[..., Any]:
    """The function a job's name stands for; UnknownJob says what is missing."""
    label, _dot, name = job.partition(".")
    try:
        module = import_module(f"{apps.get_app_config(label).name}.jobs")
    except LookupError as error:
        raise UnknownJob(f"job {job!r}: there is no app {label!r}") from error
    except ModuleNotFoundError as error:
        raise UnknownJob(f"job {job!r}: {error}") from error
    function = None if name.startswith("_") else getattr(module, name, None)
    if not callable(function):
        raise UnknownJob(f"job {job!r}: {module.__name__} has no function {name!r}")
    found: Callable[..., Any] = function
    return found
