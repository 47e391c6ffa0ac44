"""Attempts that nobody counted yet, and the mails that were sent."""

import re

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives

from shop import limits
from shop.outbox import drain


@pytest.fixture(autouse=True)
def _unlimited() -> None:
    limits.local.clear()  # what was counted while Redis was slow


def sent() -> list[EmailMultiAlternatives]:
    """The mails since the last time, sent by the worker."""
    mail.outbox.clear()
    drain.drain("normal")
    return list(mail.outbox)


def link(message: EmailMultiAlternatives) -> str:
    """The path of the mail's first link, which its HTML has as well."""
    found = re.search(r"https?://[^/\s]+(/\S+)", message.body)
    assert found, message.body
    assert found[0] in message.alternatives[0][0]
    return found[1]
