"""The links in mails about an account: signed, nothing stored, and over once what they are about has changed.

Each is signed with what it hangs on, so a new password or another address ends it: a link works once.
SECRET_KEY_FALLBACKS is honoured.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.core.signing import BadSignature, TimestampSigner
from django.db.models import QuerySet

from accounts.models import User


@dataclass(frozen=True)
class Purpose:
    """What a link is for, how long it is good, and what ends it sooner."""

    name: str
    good_for: timedelta
    hangs_on: Callable[[User], tuple[str, ...]]


RESET = Purpose("reset", timedelta(hours=4), lambda user: (user.password, user.email))
CONFIRM = Purpose("confirm", timedelta(days=7), lambda user: (user.email.lower(),))
CHANGE = Purpose("change", timedelta(hours=24), lambda user: (user.password, user.email))


def token(purpose: Purpose, user: User, *, email: str = "") -> str:
    """What the link ends with; `email` is the address that it would change to."""
    return f"{user.pk}.{_signer(purpose, user).sign_object([email])}"


def read(purpose: Purpose, token: str, *, users: QuerySet[User] | None = None) -> tuple[User, str] | None:
    """Whose link it is, and the address in it; None if it is not ours, or over.

    users: where to look, such as a locked query.
    """
    head, _dot, signed = token.partition(".")
    if not (head.isascii() and head.isdigit() and len(head) < 19):
        return None
    user = (User.objects.all() if users is None else users).filter(pk=int(head), is_active=True).first()
    if user is None:
        return None
    try:
        (email,) = _signer(purpose, user).unsign_object(signed, max_age=purpose.good_for)
    except (BadSignature, ValueError):
        return None
    return user, str(email)


def _signer(purpose: Purpose, user: User) -> TimestampSigner:
    state = "\n".join((str(user.pk), *purpose.hangs_on(user)))
    return TimestampSigner(salt=f"accounts.{purpose.name}\n{state}", sep=".")
