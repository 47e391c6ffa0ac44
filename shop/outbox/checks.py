"""What `manage.py check` says of the outbox's settings."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

SHORTEST_LEASE = 60.0


def lease(**kwargs: Any) -> list[CheckMessage]:
    """A lease that ends while its worker is still mailing sends the mail twice."""
    least = max(SHORTEST_LEASE, 3 * settings.EMAIL_TIMEOUT)
    if least <= settings.OUTBOX_LEASE_SECONDS:
        return []
    given = f"OUTBOX_LEASE_SECONDS={settings.OUTBOX_LEASE_SECONDS:g}"
    return [Error(f"{given} is too short.", hint=f"Give it {least:g} or more.", id="outbox.E001")]
