"""The canary: a page that does nothing but be kept, and be purged each minute. Does the purge have effect?

A provider that answers 200 and purges nothing (another service's token, no tags in that zone) is found so.
While the edge or the origin is away nobody knows: an edge rightly sends the page from before then.
"""

import logging
import time
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from shop.edge import freshness
from shop.edge.calls import Answer, Call, ask
from shop.edge.models import State
from shop.edge.pages import public_page
from shop.edge.recording import tag

logger = logging.getLogger(__name__)

KEY = "canary"
PAUSE = 1.5  # seconds: within one of its purge a page may be sent while it is renewed (default.vcl)

STALE = frozenset({"stale", "updating"})  # ours and Cloudflare's words; Fastly has none
READY = "/readyz"  # never kept: the origin's own word that it can read what it shows


class Outcome(NamedTuple):
    """What is known of purges. error: they have no effect; unknown: why nobody can say; neither: they do."""

    error: str = ""
    unknown: str = ""


class Seen(NamedTuple):
    """What a node sends. text: the page's; empty: why not. is_kept: it lay there, as far as is told."""

    text: str
    why: str = ""
    is_kept: bool = False


@public_page
def canary(request: HttpRequest) -> HttpResponse:
    """When it was rendered, in nanoseconds."""
    tag(KEY)
    return HttpResponse(f"{time.time_ns()}\n", content_type="text/plain; charset=utf-8")


def look() -> Outcome:
    """Purges it, and looks whether every node sends another one then."""
    before = _seen()
    purge = freshness.let_go({KEY})
    if purge.error:
        text = f"purges fail: {purge.error}"
        return Outcome(error=text) if any(seen.text for seen in before.values()) else Outcome(unknown=text)
    if not purge.is_marked:
        return Outcome(unknown="without Redis our own store may still give the page from before")
    after = _seen_anew()
    ready: set[str] = set()
    if any(_is_same(before[node], after[node]) for node in before):
        # Where the origin was away a moment ago the page from before is right: it has the time to be renewed.
        ready = {node for node, answer in _asked(READY).items() if not isinstance(answer, str)}
        after = _seen_anew()
    same = [node for node in before if _is_same(before[node], after[node])]
    if without := sorted(node for node in same if node in ready and after[node].is_kept):
        return Outcome(error=f"purges have no effect at {', '.join(without)}")
    return Outcome(unknown="; ".join(_doubts(before, after)))


def check() -> None:
    """Each minute: writes down how it went, and says what is new of it once."""
    if settings.EDGE_BACKEND == "null":
        return
    outcome, state = look(), State.objects.get_or_create(pk=1)[0]
    known: dict[str, object] = {"canary_unknown": outcome.unknown}
    if outcome.unknown:
        if not state.canary_unknown:
            logger.warning("It is not known whether purges have an effect at the edge: %s", outcome.unknown)
    elif outcome.error:
        if outcome.error != state.canary_error:
            logger.error("The edge: %s", outcome.error)
        known["canary_error"] = outcome.error
    else:
        known |= {"canary_error": "", "canary_at": Now()}
    State.objects.filter(pk=1).update(**known)


def _is_same(before: Seen, after: Seen) -> bool:
    return bool(before.text) and before.text == after.text


def _doubts(before: Mapping[str, Seen], after: Mapping[str, Seen]) -> Iterable[str]:
    """Of each node whose answers say nothing of the purge, why."""
    for node in sorted(before):
        why = before[node].why or after[node].why
        if not why and _is_same(before[node], after[node]):
            why = "it sends the page from before, and the origin may have no other"
        if why:
            yield f"{node}: {why}"


def _seen_anew() -> Mapping[str, Seen]:
    _seen()  # whoever asks first may get the old page, and has it renewed
    time.sleep(PAUSE)
    return _seen()


def _seen() -> Mapping[str, Seen]:
    """What each node sends."""
    return {node: _as_seen(answer) for node, answer in _asked(reverse("canary")).items()}


def _as_seen(answer: Answer | str) -> Seen:
    if isinstance(answer, str):
        return Seen("", answer)
    said = answer.headers.get("X-Cache") or answer.headers.get("CF-Cache-Status") or ""
    word = said.rpartition(",")[2].strip().lower()  # the nearest node's is the last
    if word in STALE:
        return Seen("", "it sends an older page, the origin does not answer with a new one")
    text = answer.body.decode(errors="replace").strip()
    return Seen(text, is_kept=word in {"", "hit"}) if text.isdecimal() else Seen("", "it sends another page")


def _asked(path: str) -> Mapping[str, Answer | str]:
    """Each node's answer of 200, or one line on why there is none."""
    site = urlsplit(settings.SITE_URL)
    nodes = settings.VARNISH_NODES if settings.EDGE_BACKEND == "varnish" else [settings.SITE_URL]
    headers = {"Host": site.netloc, "X-Forwarded-Proto": site.scheme}
    if settings.EDGE_SECRET:
        headers["X-Edge-Secret"] = settings.EDGE_SECRET
    if settings.EDGE_BACKEND == "varnish":
        headers["X-Edge-Debug"] = settings.EDGE_SECRET  # it says whether the page lay there
    calls = [Call(node, f"{node}{path}", "GET", headers) for node in nodes]
    answers = ask(calls, settings.PURGE_TIMEOUT_SECONDS)
    return {
        node: answer if isinstance(answer, str) or answer.status == 200 else f"answered {answer.status}"
        for node, answer in zip(nodes, answers, strict=True)
    }
