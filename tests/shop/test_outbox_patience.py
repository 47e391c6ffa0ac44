"""A service that is away is waited for; what no waiting mends is given up."""

import errno
import os
import smtplib
import socket
import ssl
from datetime import timedelta

import pytest
from django.utils import timezone
from PIL import UnidentifiedImageError

from shop.outbox import drain
from shop.outbox.models import Message
from shop.outbox.outbox import enqueue

pytestmark = pytest.mark.django_db

UNKNOWN, LATER = (550, b"no such user"), (451, b"try again later")


def is_given_up(jobs, error: Exception, *, tries: int = 9, age: timedelta = timedelta(0)) -> bool:
    """Whether a job that fails so, after so many tries, is a dead letter."""

    def fail() -> None:
        raise error

    jobs.fail = fail
    message = enqueue("shop.fail")
    Message.objects.filter(pk=message.pk).update(tries=tries, first_due_at=timezone.now() - age)
    assert drain.drain("normal") == 1
    message.refresh_from_db()
    return message.dead_at is not None


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError("no mail server"),
        TimeoutError(),
        socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"),
        OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH)),
        OSError(errno.EHOSTUNREACH, os.strerror(errno.EHOSTUNREACH)),
        ssl.SSLError(1, "tlsv1 alert internal error"),
        ssl.SSLCertVerificationError(1, "certificate has expired"),
        smtplib.SMTPServerDisconnected("gone"),
        smtplib.SMTPRecipientsRefused({"ada@example.test": LATER}),
        smtplib.SMTPRecipientsRefused({"ada@example.test": UNKNOWN, "bo@example.test": LATER}),
    ],
    ids=repr,
)
def test_a_service_that_is_away_is_waited_for_a_day(jobs, error):
    assert not is_given_up(jobs, error, age=timedelta(hours=23))
    assert is_given_up(jobs, error, age=timedelta(hours=25))


@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError(errno.ENOENT, "no such file", "a.jpg"),
        PermissionError(errno.EACCES, "not allowed", "a.jpg"),
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
        OSError("image file is truncated"),
        UnidentifiedImageError("cannot identify image file"),
        ValueError("wrong"),
    ],
    ids=repr,
)
def test_a_broken_file_is_given_up_after_five_tries(jobs, error):
    assert not is_given_up(jobs, error, tries=3)
    assert is_given_up(jobs, error, tries=4)


def test_recipients_that_do_not_exist_are_given_up_at_once(jobs):
    assert is_given_up(jobs, smtplib.SMTPRecipientsRefused({"ada@example.test": UNKNOWN}), tries=0)


def test_a_service_that_is_away_for_a_day_is_tried_thirty_times_and_then_asked_no_more(jobs):
    """Tries are no kills: twenty of them are over after half a day."""
    tried: list[float] = []

    def fail() -> None:
        tried.append(1)
        raise ConnectionRefusedError("no mail server")

    jobs.fail = fail
    message = enqueue("shop.fail")
    for number in range(31):
        hours = 23.0 if number < 30 else 25.0
        Message.objects.update(due_at=timezone.now(), first_due_at=timezone.now() - timedelta(hours=hours))
        assert drain.drain("normal") == 1
        message.refresh_from_db()
        assert (len(tried), message.dead_at is None) == (number + 1, number < 30)


def test_patience_begins_when_a_message_is_due_not_when_it_was_written(jobs):
    def fail() -> None:
        raise ConnectionRefusedError("no mail server")

    jobs.fail = fail
    moment = timezone.now() - timedelta(minutes=1)
    message = enqueue("shop.fail", due=moment)
    Message.objects.filter(pk=message.pk).update(tries=9, created_at=timezone.now() - timedelta(days=3))
    drain.drain("normal")
    message.refresh_from_db()
    assert (message.first_due_at, message.dead_at) == (moment, None)
