"""send("orders/confirmation", to, context): a mail's subject, text and HTML, found by its name.

Each app shows an example of every mail it sends (`example`), which the desk and developers look at.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import get_template
from django.utils import translation

from shop import markets
from shop.markets import Market


class Attachment(NamedTuple):
    """A file that goes with a mail."""

    name: str
    content: bytes
    mimetype: str


class Rendered(NamedTuple):
    """A mail as somebody reads it."""

    name: str
    to: str
    subject: str
    text: str
    html: str
    files: tuple[str, ...] = ()


def send(
    name: str,
    to: str,
    context: Mapping[str, Any],
    *,
    language: str | None = None,
    key: str = "",
    attachments: Sequence[Attachment] = (),
) -> None:
    """Renders `emails/<name>.subject.txt`, `.txt` and `.html` and sends them; raises if nobody takes them.

    language: of the reader, else the active one. key: what the mail is about ("order 10023"); a mail sent
    twice then has one Message-ID, and mail programs show it once.
    """
    look = _looking.get()
    mail = _render(name, to, context, look.language if look else language, attachments)
    if look is not None:
        look.seen.append(mail)
        return
    headers = {"Auto-Submitted": "auto-generated"}
    if key:
        digest = hashlib.sha256("\n".join((name, to, key)).encode()).hexdigest()[:32]
        headers["Message-ID"] = f"<{digest}@{urlsplit(settings.SITE_URL).hostname}>"
    message = EmailMultiAlternatives(mail.subject, mail.text, to=[to], headers=headers)
    message.attach_alternative(mail.html, "text/html")
    for file in attachments:
        message.attach(*file)
    message.send()


def _render(
    name: str, to: str, context: Mapping[str, Any], language: str | None, files: Sequence[Attachment]
) -> Rendered:
    with translation.override(language or translation.get_language()):
        words = {"site_url": settings.SITE_URL, "language": translation.get_language(), **context}
        subject, text, html = (
            get_template(f"emails/{name}.{part}", using="jinja2").render(words)
            for part in ("subject.txt", "txt", "html")
        )
    names = tuple(file.name for file in files)
    return Rendered(name, to, " ".join(subject.split()), text.strip() + "\n", html, names)


# --- Examples --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Example:
    """A mail as it may come: `send` is what really sends it, about somebody who does not exist."""

    slug: str  # the mail's name, and after a colon what is special: "orders/confirmation:unpaid"
    title: Any  # for people; translated when it is shown
    send: Callable[[], None]

    @property
    def name(self) -> str:
        """The mail's: where its templates lie."""
        return self.slug.partition(":")[0]


examples: dict[str, Example] = {}


@dataclass
class _Look:
    language: str
    seen: list[Rendered]


_looking: ContextVar[_Look | None] = ContextVar("looking", default=None)


def example(slug: str, title: Any, send: Callable[[], None]) -> None:
    """From an app's ready(). send: of what it makes up, for the current market; it writes nothing."""
    examples[slug] = Example(slug, title, send)


def preview(shown: Example, market: Market, language: str) -> Rendered:
    """What it looks like there. Nothing is sent."""
    look = _Look(language, [])
    token = _looking.set(look)
    try:
        with markets.use(market), translation.override(language):
            shown.send()
    finally:
        _looking.reset(token)
    (mail,) = look.seen
    return mail
