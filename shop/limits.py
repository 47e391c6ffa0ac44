"""Rate limits per address and per account, counted in Redis, or in this process while Redis is away.

django-ratelimit does the counting. Without Redis it would refuse everybody or nobody; here each process then
counts for itself, at a tenth of the rate, since there are several of them.
"""

import time
import zlib
from collections import OrderedDict
from ipaddress import IPv6Address, IPv6Network, ip_address
from threading import Lock
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django_ratelimit.core import ALL, get_usage

LOCAL_KEYS = 10_000  # how many counters a process keeps at most


class LocalCounts:
    """Counters of one process, in fixed windows; the oldest are forgotten first."""

    def __init__(self) -> None:
        self._counts: OrderedDict[tuple[str, int], int] = OrderedDict()
        self._lock = Lock()

    def hit(self, key: str, seconds: int) -> int:
        """How often `key` was hit in this window, this time included."""
        window = self._window(key, seconds)
        with self._lock:
            count = self._counts.pop((key, window), 0) + 1
            self._counts[key, window] = count
            while len(self._counts) > LOCAL_KEYS:
                self._counts.popitem(last=False)
            return count

    def seen(self, key: str, seconds: int) -> int:
        """How often `key` was hit in this window."""
        with self._lock:
            return self._counts.get((key, self._window(key, seconds)), 0)

    def clear(self) -> None:
        with self._lock:
            self._counts.clear()

    @staticmethod
    def _window(key: str, seconds: int) -> int:
        # The windows of different keys do not end together.
        return int(time.time() + zlib.crc32(key.encode()) % seconds) // seconds


local = LocalCounts()


def address(request: HttpRequest) -> str:
    """Who asks; of IPv6 the /64, which is one customer's.

    Each proxy appends to X-Forwarded-For whom it heard: with PROXY_HOPS of our own, that many entries from
    the right are true, and the first of them is the visitor. What stands further left is anybody's word.
    """
    said, hops = request.META.get("REMOTE_ADDR", ""), settings.PROXY_HOPS
    if hops > 0:
        heard = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        said = heard[-hops] if len(heard) >= hops and heard[-hops].strip() else said
    try:
        peer = ip_address(_without_port(said.strip()))
    except ValueError:
        return "unknown"
    if isinstance(peer, IPv6Address):
        if peer.ipv4_mapped is None:
            return str(IPv6Network((int(peer), 64), strict=False))
        peer = peer.ipv4_mapped  # IPv4 at a socket for both: all of it is one /64
    return str(peer)


def _without_port(said: str) -> str:
    """Some proxies write 10.0.0.1:4711, or [2001:db8::1]:4711."""
    if said.startswith("["):
        return said[1:].partition("]")[0]
    return said.partition(":")[0] if said.count(":") == 1 else said


def of_account(said: str) -> str:
    """The counter of an account, by what its owner is known by."""
    # Field values may hold anything a client can encode, lone surrogates included.
    return "account:" + said.strip().casefold().encode("utf-8", "replace").decode()


def exceeded(
    request: HttpRequest, group: str, *, limit: int = 10, seconds: int = 300, account: str = ""
) -> bool:
    """Count this attempt; True if the address, or the account it is about, had more than `limit`.

    Name an account only where nobody else can use up its attempts, or a refusal harms nobody.
    """
    keys = [f"address:{address(request)}"]
    if account:
        keys.append(of_account(account))
    # Every key is counted, even if the first is over: an attack on many accounts shows in each of them.
    over = [count(request, group, key, limit=limit, seconds=seconds) for key in keys]
    return any(over)


def count(request: HttpRequest, group: str, key: str, *, limit: int = 10, seconds: int = 300) -> bool:
    """Count one for `key`; True if it had more than `limit` by now."""
    usage = _usage(request, group, key, limit, seconds, increment=True)
    if usage is None:
        return False
    if usage["limit"]:
        return bool(usage["should_limit"])
    # A limit of 0 is how django-ratelimit says that the cache did not answer.
    return local.hit(f"{group}:{key}", seconds) > _alone(limit)


def is_spent(request: HttpRequest, group: str, key: str, *, limit: int = 10, seconds: int = 300) -> bool:
    """Whether `key` had `limit` already; counts nothing."""
    usage = _usage(request, group, key, limit, seconds, increment=False)
    if usage is None:
        return False
    # Without Redis nothing counts there, and what is asked for reads as 0.
    return bool(usage["count"] >= limit) or local.seen(f"{group}:{key}", seconds) >= _alone(limit)


def _alone(limit: int) -> int:
    """What each process allows by itself."""
    return max(1, limit // 10)


def _usage(
    request: HttpRequest, group: str, key: str, limit: int, seconds: int, *, increment: bool
) -> dict[str, Any] | None:
    """None if nothing is limited here (RATELIMIT_ENABLE)."""
    found: dict[str, Any] | None = get_usage(
        request,
        group=group,
        key=lambda _group, _request: key,
        rate=(limit, seconds),
        method=ALL,
        increment=increment,
    )
    return found
