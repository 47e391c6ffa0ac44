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


def test_what_is_only_looked_at_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    request = RequestFactory().post("/", REMOTE_ADDR="10.0.0.1")

    def spent() -> list[bool]:
        looks = []
        for _number in range(5):
            looks.append(limits.is_spent(request, "test", "account:ada", limit=30))
            limits.is_spent(request, "test", "account:ada", limit=30)
            limits.count(request, "test", "account:ada", limit=30)
        return looks

    assert spent() == [False] * 5
    for name in ("add", "incr"):
        monkeypatch.setattr(caches["default"], name, lambda *args, **more: None)
    # Under IGNORE_EXCEPTIONS a Redis that is away gives what it was asked to fall back to.
    monkeypatch.setattr(caches["default"], "get", lambda key, default=None, **more: default)
    assert spent() == [False, False, False, True, True]


def test_an_ipv6_network_is_one_address() -> None:
    for number in range(3):
        asked(1, f"2001:db8::{number:x}")
    assert asked(1, "2001:db8::ffff") == [True]
    assert asked(1, "2001:db8:0:1::1") == [False]


@pytest.mark.parametrize(
    ("hops", "forwarded", "who"),
    [
        (0, "1.2.3.4", "10.0.0.1"),
        (1, "1.2.3.4", "1.2.3.4"),
        (1, "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        (2, "6.6.6.6, 1.2.3.4, 10.0.0.7", "1.2.3.4"),
        (2, "1.2.3.4", "10.0.0.1"),
        (1, "", "10.0.0.1"),
        (1, "6.6.6.6, 2001:db8::7", "2001:db8::/64"),
        (1, "[2001:db8::7]:4711", "2001:db8::/64"),
        (1, "1.2.3.4:4711", "1.2.3.4"),
        (1, "1.2.3.4, nonsense", "unknown"),
        (-1, "6.6.6.6, 1.2.3.4", "10.0.0.1"),
    ],
)
def test_of_x_forwarded_for_only_what_our_own_proxies_wrote_is_believed(settings, hops, forwarded, who):
    settings.PROXY_HOPS = hops
    request = RequestFactory().post("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=forwarded)
    assert limits.address(request) == who


def test_behind_a_proxy_each_visitor_has_a_limit_of_their_own(settings):
    settings.PROXY_HOPS = 1

    def attempts(visitor: str) -> list[bool]:
        request = RequestFactory().post("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=visitor)
        return [limits.exceeded(request, "test", limit=3) for _ in range(4)]

    assert attempts("1.2.3.4") == attempts("1.2.3.5") == [False, False, False, True]
    forged = [attempts(f"9.9.9.{number}, 1.2.3.6")[0] for number in range(4)]
    assert forged == [False, True, True, True]


def test_ipv4_at_a_socket_for_both_is_not_one_network() -> None:
    asked(4, "::ffff:10.0.0.1")
    assert asked(1, "::ffff:10.0.0.2") == [False]
    assert asked(1, "10.0.0.1") == [True]


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
