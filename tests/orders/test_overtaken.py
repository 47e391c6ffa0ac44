"""Who is slow with a mail, or was stopped, and comes back when another one has taken it over."""

import threading
from collections.abc import Callable

import pytest
from django.core import mail
from django.db import connection
from django.db.models.functions import Now

from orders import jobs, states
from orders.models import MailClaim, Order
from tests.orders.test_sending import sent, until

pytestmark = pytest.mark.django_db(transaction=True)


def slowed(monkeypatch: pytest.MonkeyPatch, name: str, meanwhile: Callable[[], None]) -> None:
    """The next time that `name` of the jobs is called, something happens first."""
    module, _dot, called = name.rpartition(".")
    of = getattr(jobs, module) if module else jobs
    usual = getattr(of, called)

    def slowly(*args: object) -> object:
        monkeypatch.setattr(of, called, usual)
        meanwhile()
        return usual(*args)

    monkeypatch.setattr(of, called, slowly)


def test_who_finishes_late_and_who_takes_over_do_not_wait_for_each_other(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One has sent it and writes that down; its claim is over, and the next one wants its place."""
    note, failed, others = states.note_event, [], []

    def another() -> None:
        try:
            jobs.send_confirmation(order.pk)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    def noting(*args: object, **more: object) -> object:
        monkeypatch.setattr(states, "note_event", note)
        others.append(threading.Thread(target=another))
        others[0].start()
        until(waits_for_a_lock)
        return note(*args, **more)

    slowed(monkeypatch, "emails.confirmation", lambda: MailClaim.objects.update(until=Now()))
    monkeypatch.setattr(states, "note_event", noting)
    jobs.send_confirmation(order.pk)
    others[0].join(20)
    assert failed == []
    assert (len(mail.outbox), sent(order)) == (1, 1)


def waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted"
        )  # read anew within a transaction, too
        return bool(cursor.fetchone()[0])


def test_who_took_so_long_that_another_has_sent_it_sends_nothing(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped() -> None:
        MailClaim.objects.update(until=Now())
        jobs.send_confirmation(order.pk)

    slowed(monkeypatch, "_papers", stopped)
    jobs.send_confirmation(order.pk)
    assert (len(mail.outbox), sent(order)) == (1, 1)
    assert not MailClaim.objects.exists()


def test_a_claim_that_nobody_else_wanted_is_renewed_before_it_sends(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    def looks() -> None:
        assert MailClaim.objects.filter(until__gt=Now()).exists()

    slowed(monkeypatch, "_papers", lambda: MailClaim.objects.update(until=Now()))
    slowed(monkeypatch, "emails.confirmation", looks)
    jobs.send_confirmation(order.pk)
    assert (len(mail.outbox), sent(order)) == (1, 1)


def test_who_died_in_between_and_came_back_writes_it_down_once(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was stopped while the mail server had it: that goes twice, and is one event."""

    def stopped() -> None:
        MailClaim.objects.update(until=Now())
        jobs.send_confirmation(order.pk)

    slowed(monkeypatch, "emails.confirmation", stopped)
    jobs.send_confirmation(order.pk)
    assert (len(mail.outbox), sent(order)) == (2, 1)
