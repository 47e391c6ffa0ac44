"""Limits count per address and per account, and go on counting without Redis."""

import pytest
from django.core.cache import caches
from django.test import RequestFactory

from shop import limits


def asked(times: int, address: str = "10.0.0.1", account: str = "") -> list[bool]:
    request = RequestFactory().post("/", REMOTE_ADDR=address)
    return [limits.exceeded(request, "test", limit=3, account=account) for _ in range(times)]


@pytest.fixture(autouse=True)
def _forget() -> None:
    limits.local.clear()


def test_an_address_has_so_many_attempts() -> None:
    assert asked(4) == [False, False, False, True]
    assert asked(1, "10.0.0.2") == [False]


def test_an_account_has_so_many_attempts_from_wherever() -> None:
    answers = [asked(1, f"10.0.0.{number}", "Ada@example.com ")[0] for number in range(3)]
    assert answers == [False] * 3
    assert asked(1, "10.0.0.9", "ada@EXAMPLE.com") == [True]


def test_an_ipv6_network_is_one_address() -> None:
    for number in range(3):
        asked(1, f"2001:db8::{number:x}")
    assert asked(1, "2001:db8::ffff") == [True]
    assert asked(1, "2001:db8:0:1::1") == [False]


def test_x_forwarded_for_is_not_believed() -> None:
    request = RequestFactory().post("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR="1.2.3.4")
    assert limits.address(request) == "10.0.0.1"


@pytest.mark.parametrize("account", ["\ud800", "\x00", "é" * 5000])
def test_whatever_is_sent_as_an_account_is_counted(account: str) -> None:
    assert asked(4, account=account) == [False, False, False, True]


def test_without_redis_each_process_counts_at_a_tenth(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: object, **more: object) -> None:
        return None  # what django-redis says under IGNORE_EXCEPTIONS

    for name in ("add", "incr", "get"):
        monkeypatch.setattr(caches["default"], name, away)
    request = RequestFactory().post("/", REMOTE_ADDR="10.0.0.1")
    answers = [limits.exceeded(request, "test", limit=30) for _ in range(5)]
    assert answers == [False, False, False, True, True]


def test_the_local_counters_do_not_grow_without_end() -> None:
    counts = limits.LocalCounts()
    for number in range(limits.LOCAL_KEYS + 10):
        counts.hit(str(number), 300)
    assert len(counts._counts) == limits.LOCAL_KEYS
