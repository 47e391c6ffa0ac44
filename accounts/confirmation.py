"""Which address is whose: confirmed by a link that is followed while logged in, and changed by another.

A link alone is not enough. Who registered a stranger's address would only have to wait for its owner to
click, and an address that was mistyped would hand the account to whoever reads there.
"""

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts import links
from accounts.models import User
from shop import markets
from shop.outbox import outbox

_followers: list[str] = []


class LinkOver(Exception):
    """The link is not ours, not this account's, used, or too old."""


class AddressTaken(Exception):
    """Another account has this address."""


def follow(name: str) -> None:
    """From an app's ready(): "orders.claiming.claim_confirmed", called with the user in the transaction."""
    if name not in _followers:
        _followers.append(name)


def ask(user: User) -> None:
    """The link that confirms the account's address, once more."""
    outbox.enqueue("accounts.send_confirm", user.pk, markets.current().code, moment())


def confirm(user: User, token: str) -> None:
    """The owner has followed the link; LinkOver. A second time changes nothing."""
    with transaction.atomic():
        found = links.read(links.CONFIRM, token, users=User.objects.select_for_update())
        if found is None or found[0].pk != user.pk:
            raise LinkOver
        accept(found[0])


def accept(held: User) -> None:
    """Its address is the owner's: those who wait for that are told. Call it under the user's lock."""
    if not held.is_confirmed:
        held.confirmed_email = held.email
        held.save(update_fields=["confirmed_email"])
    for name in _followers:
        import_string(name)(held)


def ask_change(user: User, email: str) -> None:
    """A mail to the new address: the link, or that it has an account. The caller is told neither."""
    outbox.enqueue("accounts.send_change", user.pk, email, markets.current().code, moment())


def change(user: User, token: str) -> str:
    """The address that it was: the account has the link's now, and the old one is told.

    LinkOver; AddressTaken, if somebody was faster.
    """
    try:
        with transaction.atomic():
            found = links.read(links.CHANGE, token, users=User.objects.select_for_update())
            if found is None or found[0].pk != user.pk:
                raise LinkOver
            held, email = found
            before, held.email, held.confirmed_email = held.email, email, email
            held.save(update_fields=["email", "confirmed_email"])
            accept(held)
            outbox.enqueue("accounts.send_changed", held.pk, before, markets.current().code, moment())
    except IntegrityError as taken:
        raise AddressTaken from taken
    return before


def moment() -> str:
    """What tells one asking from the next: the same mail sent twice is one, two askings are two."""
    return timezone.now().isoformat(timespec="milliseconds")
