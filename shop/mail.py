"""send("orders/confirmation", to, context): a mail's subject, text and HTML, found by its name."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import get_template
from django.utils import translation


class Attachment(NamedTuple):
    """A file that goes with a mail."""

    name: str
    content: bytes
    mimetype: str


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
    with translation.override(language or translation.get_language()):
        words = {"site_url": settings.SITE_URL, "language": translation.get_language(), **context}
        subject, text, html = (
            get_template(f"emails/{name}.{part}", using="jinja2").render(words)
            for part in ("subject.txt", "txt", "html")
        )
    headers = {"Auto-Submitted": "auto-generated"}
    if key:
        digest = hashlib.sha256("\n".join((name, to, key)).encode()).hexdigest()[:32]
        headers["Message-ID"] = f"<{digest}@{urlsplit(settings.SITE_URL).hostname}>"
    mail = EmailMultiAlternatives(" ".join(subject.split()), text.strip() + "\n", to=[to], headers=headers)
    mail.attach_alternative(html, "text/html")
    for file in attachments:
        mail.attach(*file)
    mail.send()
