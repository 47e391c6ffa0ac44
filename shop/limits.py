"""Rate limits per address and per account, counted in Redis, or in this process while Redis is away.

django-ratelimit does the counting. Without Redis it would refuse everybody or nobody; here each process then
counts for itself, at a tenth of the rate, since there are several of them.
"""

import time
import zlib
from collections import OrderedDict
from ipaddress import ip_address, ip_network
from threading import Lock

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
        # The windows of different keys do not end together.
        window = int(time.time() + zlib.crc32(key.encode()) % seconds) // seconds
        with self._lock:
            count = self._counts.pop((key, window), 0) + 1
            self._counts[key, window] = count
            while len(self._counts) > LOCAL_KEYS:
                self._counts.popitem(last=False)
            return count

    def clear(self) -> None:
        with self._lock:
            self._counts.clear()


local = LocalCounts()


def address(request: HttpRequest) -> str:
    """Who asks: the peer's address, of IPv6 its /64. X-Forwarded-For is anybody's word and is not read."""
    try:
        peer = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return "unknown"
    return str(ip_network(f"{peer}/64", strict=False)) if peer.version == 6 else str(peer)


def exceeded(
    request: HttpRequest, group: str, *, limit: int = 10, seconds: int = 300, account: str = ""
) -> bool:
    """Count this attempt; True if the address, or the account it is about, had more than `limit`."""
    if not getattr(settings, "RATELIMIT_ENABLE", True):
        return False
    keys = [f"address:{address(request)}"]
    if account:
        # Field values may hold anything a client can encode, lone surrogates included.
        keys.append("account:" + account.strip().casefold().encode("utf-8", "replace").decode())
    # Every key is counted, even if the first is over: an attack on many accounts shows in each of them.
    over = [_over(request, group, key, limit, seconds) for key in keys]
    return any(over)


def _over(request: HttpRequest, group: str, key: str, limit: int, seconds: int) -> bool:
    usage = get_usage(
        request,
        group=group,
        key=lambda _group, _request: key,
        rate=(limit, seconds),
        method=ALL,
        increment=True,
    )
    if usage is not None and usage["limit"]:
        return bool(usage["should_limit"])
    # A limit of 0 is how django-ratelimit says that the cache did not answer.
    return local.hit(f"{group}:{key}", seconds) > max(1, limit // 10)
