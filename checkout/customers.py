"""Whose order it is, as far as is known: what a voucher's uses and first orders are counted by."""

import hashlib

from accounts import queries as accounts
from orders import buyers


def addresses(user_id: int | None, email: str) -> list[str]:
    """The address that is given with the order, and the account's own, which is known before that."""
    own = accounts.email_of(user_id) if user_id else ""
    return [one for one in (email, own) if one]


def keys(user_id: int | None, email: str) -> list[str]:
    """What a customer is counted by: the account, and mailboxes however they are written. Hashed, sorted."""
    known = {f"user:{user_id}"} if user_id else set()
    known |= {f"email:{mailbox(one)}" for one in addresses(user_id, email)}
    return sorted(hashlib.sha256(key.encode("utf-8", "replace")).hexdigest() for key in known)


def has_ordered(user_id: int | None, email: str) -> bool:
    """Whether one of their orders counts; of whom nothing is known yet none does."""
    return buyers.has_ordered(user_id, *addresses(user_id, email))


def mailbox(email: str) -> str:
    """One mailbox, one text: case and what follows a plus do not make another; dots do not at Google."""
    name, _at, host = email.strip().casefold().rpartition("@")
    name = name.partition("+")[0] or name
    if host in {"gmail.com", "googlemail.com"}:
        name, host = name.replace(".", ""), "gmail.com"
    return f"{name}@{host}"
