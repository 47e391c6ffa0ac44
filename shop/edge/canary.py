"""The canary: a page that does nothing but be kept, and be purged each minute. Does the purge have effect?

A provider that answers 200 and purges nothing (another service's token, no tags in that zone) is found so.
"""

import logging
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from shop.edge import freshness
from shop.edge.calls import Call, ask
from shop.edge.models import State
from shop.edge.pages import public_page
from shop.edge.recording import tag

logger = logging.getLogger(__name__)

KEY = "canary"
PAUSE = 1.5  # seconds: within one of its purge a page may be sent while it is renewed (default.vcl)


@public_page
def canary(request: HttpRequest) -> HttpResponse:
    """When it was rendered, in nanoseconds."""
    tag(KEY)
    return HttpResponse(f"{time.time_ns()}\n", content_type="text/plain; charset=utf-8")


def look() -> str:
    """Purges it; an empty text, or what is wrong. Nothing is known while the edge or the origin is away."""
    before = _seen()
    outcome = freshness.let_go({KEY})
    if outcome.error:
        return f"purges fail: {outcome.error}"
    _seen()  # whoever asks first may get the old page, and has it renewed
    time.sleep(PAUSE)
    after = _seen()
    same = sorted(node for node, text in before.items() if text and text == after.get(node))
    return f"purges have no effect at {', '.join(same)}" if same else ""


def check() -> None:
    """Each minute: writes down how it went, and says so once."""
    if settings.EDGE_BACKEND == "null":
        return
    error, state = look(), State.objects.get_or_create(pk=1)[0]
    if error and error != state.canary_error:
        logger.error("The edge: %s", error)
    known = {} if error else {"canary_at": Now()}
    State.objects.filter(pk=1).update(canary_error=error, **known)


def _seen() -> Mapping[str, str]:
    """By node what it sends; nothing for one that does not answer."""
    site = urlsplit(settings.SITE_URL)
    nodes = settings.VARNISH_NODES if settings.EDGE_BACKEND == "varnish" else [settings.SITE_URL]
    headers = {"Host": site.netloc, "X-Forwarded-Proto": site.scheme}
    if settings.EDGE_SECRET:
        headers["X-Edge-Secret"] = settings.EDGE_SECRET
    path = reverse("canary")
    answers = ask(
        [Call(node, f"{node}{path}", "GET", headers) for node in nodes], settings.PURGE_TIMEOUT_SECONDS
    )
    return {
        node: answer.body.decode(errors="replace")
        for node, answer in zip(nodes, answers, strict=True)
        if not isinstance(answer, str) and answer.status == 200
    }
