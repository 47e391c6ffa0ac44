"""The demo's mailbox: mails become files, and a page shows them. Nothing leaves the machine."""

import os
import re
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage as ReceivedMail
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TypedDict

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import translation

from shop import mail as mails
from shop import markets
from shop.edge.pages import private_page

NAME = re.compile(r"\d{14}-[0-9a-f]{12}")


class MailboxBackend(BaseEmailBackend):
    """Writes each mail to a file of settings.MAILBOX_DIR."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """How many were written: all."""
        folder = Path(settings.MAILBOX_DIR)
        folder.mkdir(parents=True, exist_ok=True)
        for mail in email_messages:
            name = f"{datetime.now(UTC):%Y%m%d%H%M%S}-{secrets.token_hex(6)}"
            unfinished = folder / f".{name}"
            unfinished.write_bytes(mail.message().as_bytes())
            os.replace(unfinished, folder / f"{name}.eml")  # a page never finds half a mail
        return len(email_messages)


# A mail as a page shows it.
Mail = TypedDict(
    "Mail",
    {"id": str, "from": str, "to": str, "subject": str, "at": datetime | None, "text": str, "html": str},
)


def messages(limit: int = 100) -> list[Mail]:
    """The newest first."""
    files = sorted(Path(settings.MAILBOX_DIR).glob("[0-9]*.eml"), reverse=True)
    return [_read(file) for file in files[:limit]]


def message(name: str) -> Mail | None:
    """The mail of that id."""
    file = Path(settings.MAILBOX_DIR) / f"{name}.eml"
    return _read(file) if NAME.fullmatch(name) and file.is_file() else None


def _read(file: Path) -> Mail:
    mail = message_from_bytes(file.read_bytes(), policy=policy.default)
    date = mail["Date"]
    return {
        "id": file.stem,
        "from": str(mail["From"]),
        "to": str(mail["To"]),
        "subject": str(mail["Subject"]),
        "at": _moment(str(date)) if date else None,
        "text": _body(mail, "plain"),
        "html": _body(mail, "html"),
    }


def _moment(date: str) -> datetime:
    """Django writes the offset -0000, "universal time, of a place unknown", which Python reads as no zone."""
    at = parsedate_to_datetime(date)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _body(mail: ReceivedMail, kind: str) -> str:
    part = mail.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part is not None else ""


@private_page
def mailbox(request: HttpRequest) -> HttpResponse:
    """All mails. Only the demo has this page: it shows every customer's mail to anybody."""
    if not settings.DEMO:
        raise Http404
    return render(request, "dev/mail.html", {"messages": messages()}, using="jinja2")


@private_page
def mail(request: HttpRequest, name: str) -> HttpResponse:
    """One mail."""
    found = message(name) if settings.DEMO else None
    if found is None:
        raise Http404
    return render(request, "dev/mail_message.html", {"message": found, "is_example": False}, using="jinja2")


@private_page
def examples(request: HttpRequest) -> HttpResponse:
    """Every mail that the shop sends, for who works on it. They are about nobody."""
    _only_here()
    return render(request, "dev/mail_examples.html", {"examples": mails.examples.values()}, using="jinja2")


@private_page
def example(request: HttpRequest, slug: str) -> HttpResponse:
    """One of them, in the market and the language of the page."""
    _only_here()
    if slug not in mails.examples:
        raise Http404
    shown = mails.preview(mails.examples[slug], markets.current(), translation.get_language() or "en")
    found = {**shown._asdict(), "from": settings.DEFAULT_FROM_EMAIL}
    return render(request, "dev/mail_message.html", {"message": found, "is_example": True}, using="jinja2")


def _only_here() -> None:
    if not (settings.DEBUG or settings.DEMO):
        raise Http404


urlpatterns = [
    path("", mailbox, name="dev_mail"),
    path("examples/", examples, name="dev_mail_examples"),
    path("examples/<path:slug>/", example, name="dev_mail_example"),
    path("<slug:name>/", mail, name="dev_mail_message"),
]
