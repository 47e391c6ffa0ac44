"""SMS and push: short words to a phone, sent by whom the settings name. By default they go to the log only.

A backend is a class without arguments whose `send` speaks to a provider; it raises if that one does not take
it, and the outbox tries again.
"""

import logging
from typing import Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string

logger = logging.getLogger(__name__)


class Channel(Protocol):
    """Whoever brings a text to a person."""

    def send(self, to: str, text: str, *, key: str) -> None:
        """to: a phone's number, or what the provider knows a device by. key: the same text has the same, so
        that a provider who takes one (most call it an idempotency key) brings it once."""


class Log:
    """Brings it nowhere. No log holds a number or a link: only on a developer's machine the text is seen."""

    def send(self, to: str, text: str, *, key: str) -> None:
        shown = text if settings.DEBUG or settings.DEMO else f"{len(text)} characters"
        logger.info("To …%s (%s): %s", to[-2:], key, shown)


def sms() -> Channel:
    """By SMS_BACKEND."""
    return _named(settings.SMS_BACKEND)


def push() -> Channel:
    """By PUSH_BACKEND."""
    return _named(settings.PUSH_BACKEND)


def _named(path: str) -> Channel:
    return cast(Channel, import_string(path)())
