"""Settings come from the environment, or from a file that NAME_FILE names (a mounted secret)."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, overload
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")
REQUIRED: Any = object()  # as a default: the environment must say it


def flag(text: str) -> bool:
    """Cast of a yes-or-no setting: 1/true/yes/on, or 0/false/no/off/empty."""
    lowered = text.strip().lower()
    if lowered in {"1", "true", "yes", "on"}:
        return True
    if lowered in {"", "0", "false", "no", "off"}:
        return False
    raise ValueError("write true or false")


def words(text: str) -> list[str]:
    """Cast of a comma-separated list."""
    return [word.strip() for word in text.split(",") if word.strip()]


@overload
def env(name: str, *, why: str = "") -> str: ...
@overload
def env(name: str, cast: Callable[[str], T], *, why: str = "") -> T: ...
@overload
def env(name: str, cast: Callable[[str], T], default: T, *, why: str = "") -> T: ...
def env(name: str, cast: Callable[[str], Any] = str, default: Any = REQUIRED, *, why: str = "") -> Any:
    """The setting's value; without a default it must be given.

    Raises ImproperlyConfigured with a line that says what to set.
    """
    path = os.environ.get(f"{name}_FILE")
    text = Path(path).read_text().strip() if path else os.environ.get(name)
    if text is None:
        if default is REQUIRED:
            raise ImproperlyConfigured(f"{name} is not set. {why}".strip())
        return default
    try:
        return cast(text)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}={text!r} cannot be used: {error}.") from error


def postgres(url: str) -> dict[str, Any]:
    """A DATABASES entry from postgres://user:password@host:port/name, or with ?host=/socket/folder&port=."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise ImproperlyConfigured("DATABASE_URL must look like postgres://user:password@host:5432/name.")
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "shop.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.get("host") or unquote(parts.hostname or ""),
        "PORT": query.get("port") or str(parts.port or ""),
    }
