"""Who keeps the pages: what a kept response tells it, and how it is told to let pages go.

A shop has one, named by EDGE_BACKEND. It has purged when every node, or the provider, has acknowledged that
within PURGE_TIMEOUT_SECONDS; else purge() raises PurgeFailed, and whoever asked tries again.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol
from urllib.parse import quote

from django.conf import settings

from shop.edge import purges
from shop.edge.calls import Answer, Call, posting

STALE_IF_ERROR = 86_400  # seconds for which the last good page is better than an error
Headers = list[tuple[str, str]]


class Backend(Protocol):
    """What the shop wants of whoever keeps its pages.

    MOST: keys in one purge, coarse ones too; of more, `html` alone is purged. What is purged is purged twice.
    """

    MOST: ClassVar[int]

    def purge(self, keys: Collection[str]) -> int | None:
        """Let go of every page with one of the keys. How many there were; None if it does not say.

        Raises PurgeFailed unless all of it was acknowledged. Asking twice does no harm.
        """

    def headers(self, keys: Collection[str], ttl: int) -> Headers:
        """What a response carries to be kept for `ttl` seconds and found by its keys; a name occurs once.

        Raises ValueError for more keys than fit.
        """

    def fits(self, keys: Collection[str]) -> bool:
        """Whether one response can carry them all: beyond that a page needs coarse keys."""


@dataclass(frozen=True)
class Null:
    """Nobody keeps pages: there is nothing to declare and nothing to purge."""

    MOST: ClassVar[int] = 40_000

    def purge(self, keys: Collection[str]) -> int | None:
        return 0

    def headers(self, keys: Collection[str], ttl: int) -> Headers:
        return []

    def fits(self, keys: Collection[str]) -> bool:
        return True


@dataclass(frozen=True)
class Varnish:
    """The edge we ship (default.vcl): softly, by xkey, all nodes at once. `nodes`: http://host:port each.

    varnishd refuses header lines above 8 kB (http_req_hdr_len, http_resp_hdr_len, the name included), and
    responses with more than 32 kB of them (http_resp_size). So keys go in lines of 8,000 bytes, two in a
    response; the second is named xkey-2, because Django sets a name once.
    """

    nodes: Sequence[str]
    secret: str
    timeout: float  # seconds

    MOST: ClassVar[int] = 40_000  # some 100 calls to each node
    LINE: ClassVar[int] = 8_000
    LINES: ClassVar[int] = 2

    def purge(self, keys: Collection[str]) -> int | None:
        lines = list(purges.lines(keys, self.LINE))
        calls = [
            Call(node, node, "PURGE", {"X-Edge-Secret": self.secret, "X-Purge-Keys": line}, keys=line.split())
            for node in self.nodes
            for line in lines
        ]
        found = dict.fromkeys(self.nodes, 0)
        for call, answer in zip(
            calls, purges.acknowledged(calls, self.timeout, _is_not_our_vcl), strict=True
        ):
            found[call.who] += int(answer.headers["X-Purged"])
        return max(found.values(), default=0)  # each node has its own copy of a page

    def headers(self, keys: Collection[str], ttl: int) -> Headers:
        lines = list(purges.lines(keys, self.LINE))
        if len(lines) > self.LINES:
            raise ValueError(f"{len(lines)} lines of keys, a response takes {self.LINES}")
        names = ["xkey", "xkey-2"][: len(lines)]
        return [("Surrogate-Control", f"max-age={ttl}"), *zip(names, lines, strict=True)]

    def fits(self, keys: Collection[str]) -> bool:
        return len(list(purges.lines(keys, self.LINE))) <= self.LINES


@dataclass(frozen=True)
class Fastly:
    """Soft purges by surrogate key, 256 a call (fastly.com/documentation/reference/api/purging/).

    Surrogate-Key takes 16,384 bytes, and what is beyond is ignored silently
    (fastly.com/documentation/reference/http/http-headers/Surrogate-Key/). A customer has 100,000 purges an
    hour on average, then 429 with Fastly-RateLimit-Reset (…/reference/api/#rate-limiting); whether a call of
    256 keys is one of them is not said, so we count keys: ten edits of MOST an hour, purged twice.
    """

    service: str
    token: str
    timeout: float  # seconds
    api: str = "https://api.fastly.com"

    MOST: ClassVar[int] = 5_000
    BUDGET: ClassVar[int] = 16_384
    A_CALL: ClassVar[int] = 256

    def purge(self, keys: Collection[str]) -> int | None:
        url = f"{self.api}/service/{quote(self.service, safe='')}/purge"
        says = {"Fastly-Key": self.token, "Fastly-Soft-Purge": "1"}
        batches = purges.batches(keys, self.A_CALL)
        calls = [posting("Fastly", url, {"surrogate_keys": batch}, says, batch) for batch in batches]
        purges.acknowledged(calls, self.timeout, _lacks_an_id)
        return None

    def headers(self, keys: Collection[str], ttl: int) -> Headers:
        if not self.fits(keys):
            raise ValueError(f"more than {self.BUDGET} bytes of keys")
        kept = f"max-age={ttl}, stale-if-error={STALE_IF_ERROR}"
        return [("Surrogate-Control", kept), ("Surrogate-Key", " ".join(purges.written(keys)))]

    def fits(self, keys: Collection[str]) -> bool:
        return len(" ".join(purges.written(keys))) <= self.BUDGET


@dataclass(frozen=True)
class Cloudflare:
    """Purges by tag, 100 a call on every plan; the zone needs a cache rule that makes HTML eligible.

    Calls: Free 5 a minute (a bucket of 25), Pro 5 a second (25), Business 10 (50), Enterprise 50 (500), then
    429 (developers.cloudflare.com/cache/how-to/purge-cache/, July 2026). Two purges of MOST keys are 20
    calls: they fit the smallest bucket. Cache-Tag takes 16 KB, about 1,000 tags, in either case of letters
    (the same, purge-by-tags/). A purge there is never soft.
    """

    zone: str
    token: str
    timeout: float  # seconds
    api: str = "https://api.cloudflare.com/client/v4"

    MOST: ClassVar[int] = 1_000
    BUDGET: ClassVar[int] = 16_384
    TAGS: ClassVar[int] = 1_000
    A_CALL: ClassVar[int] = 100

    def purge(self, keys: Collection[str]) -> int | None:
        url = f"{self.api}/zones/{quote(self.zone, safe='')}/purge_cache"
        says = {"Authorization": f"Bearer {self.token}"}
        batches = purges.batches(keys, self.A_CALL)
        calls = [posting("Cloudflare", url, {"tags": batch}, says, batch) for batch in batches]
        purges.acknowledged(calls, self.timeout, _says_no_success)
        return None

    def headers(self, keys: Collection[str], ttl: int) -> Headers:
        if not self.fits(keys):
            raise ValueError(f"more than {self.BUDGET} bytes or {self.TAGS} tags")
        kept = f"max-age={ttl}, stale-if-error={STALE_IF_ERROR}"
        return [("CDN-Cache-Control", kept), ("Cache-Tag", ",".join(purges.written(keys)))]

    def fits(self, keys: Collection[str]) -> bool:
        tags = purges.written(keys)
        return len(tags) <= self.TAGS and len(",".join(tags)) <= self.BUDGET


def backend() -> Backend:
    """The one that the settings name, see EDGE_BACKEND."""
    seconds = settings.PURGE_TIMEOUT_SECONDS
    match settings.EDGE_BACKEND:
        case "varnish":
            return Varnish(settings.VARNISH_NODES, settings.EDGE_SECRET, seconds)
        case "fastly":
            return Fastly(settings.FASTLY_SERVICE, settings.FASTLY_TOKEN, seconds)
        case "cloudflare":
            return Cloudflare(settings.CLOUDFLARE_ZONE, settings.CLOUDFLARE_TOKEN, seconds)
    return Null()


def _is_not_our_vcl(call: Call, answer: Answer) -> str | None:
    """A 200 of anything else at that address has purged nothing."""
    count = answer.headers.get("X-Purged", "")
    return None if count.isascii() and count.isdigit() else "answered 200 without a number of pages"


def _lacks_an_id(call: Call, answer: Answer) -> str | None:
    said, keys = answer.json(), json.loads(call.body)["surrogate_keys"]
    return None if isinstance(said, dict) and said.keys() >= set(keys) else "answered 200 without all keys"


def _says_no_success(call: Call, answer: Answer) -> str | None:
    said = answer.json()
    if isinstance(said, dict) and said.get("success") is True:
        return None
    return f"answered 200 without success: {answer.body[:200].decode(errors='replace')}"
