"""Invariant 7: whoever fails or dies while taking a number, those of a series are 1 to n.

INVOICE_ATTEMPTS and INVOICE_KILLS give other figures: 2,000 and 50 are those of a long run.
"""

import contextlib
import logging
import os
import random
import signal
import time

import pytest
from django.db import connection

from orders import audit, sellers
from orders.models import Invoice, InvoiceSeries, Seller
from tests import servers
from tests.orders import writing
from tests.orders.specimens import Sold, draft, paid

pytestmark = pytest.mark.django_db(transaction=True)

ATTEMPTS = int(os.environ.get("INVOICE_ATTEMPTS", "80"))
KILLS = int(os.environ.get("INVOICE_KILLS", "6"))
WRITERS = 8
PATIENCE = 60 + ATTEMPTS / 10  # seconds
logger = logging.getLogger(__name__)


def disaster(how: str) -> int:
    """Lets the writers write and die; how many were killed."""
    chance = random.Random(7)
    Seller.objects.create(**sellers.DEMO)  # the writers are processes of their own
    orders = [paid(draft([Sold()])).pk for _ in range(ATTEMPTS)]
    url = servers.database_url(connection.settings_dict["NAME"])
    killed, ends = 0, time.monotonic() + PATIENCE
    with writing.writers(WRITERS, how, orders, url) as keeper:
        while keeper.poll() is None:
            assert time.monotonic() < ends
            due = KILLS * (1 - writing.attempts_left() / ATTEMPTS)
            if killed < due and (pids := writing.children(keeper.pid)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(chance.choice(pids), signal.SIGKILL)
                    killed += 1
            time.sleep(0.01)
        assert keeper.returncode == 0
    return killed


def numbers_of(series: str) -> list[int]:
    return sorted(Invoice.objects.filter(series=series).values_list("number", flat=True))


def test_numbers_have_no_gap_whoever_fails_and_whoever_dies() -> None:
    killed = disaster("counted")
    series = InvoiceSeries.objects.get()
    numbers = numbers_of(series.code)
    logger.info("%d attempts, %d kills: %d invoices", ATTEMPTS, killed, len(numbers))
    assert numbers == list(range(1, series.last + 1))
    assert ATTEMPTS * 0.6 - WRITERS - killed < len(numbers) < ATTEMPTS * 0.95
    assert killed >= KILLS / 2
    assert [fault.text for fault in audit.found() if "eries" in fault.text] == []


def test_broken_numbers_of_a_sequence_have_gaps() -> None:
    """The broken variant, which the audit finds as well."""
    disaster("by_sequence")
    numbers = numbers_of("sequence")
    assert len(numbers) < numbers[-1]
    assert any("are missing" in fault.text for fault in audit._numbers())
