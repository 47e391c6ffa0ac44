"""A new password: by the old one, or by a link to the account's address. Other browsers are logged out."""

from django.db import transaction

from accounts import confirmation, links, logins, queries
from accounts.models import User
from shop import markets
from shop.outbox import outbox


def ask(email: str) -> None:
    """The link goes to the address if it has an account. The same work is done if it has none."""
    user = queries.by_email(email)
    outbox.enqueue(
        "accounts.send_reset", user.pk if user else 0, markets.current().code, confirmation.moment()
    )


def reset(token: str, password: str) -> User:
    """The link's account has this password; confirmation.LinkOver. It works once, and every login ends.

    Whoever follows the link reads the mails to the address, so that is confirmed as well.
    """
    with transaction.atomic():
        found = links.read(links.RESET, token, users=User.objects.select_for_update())
        if found is None:
            raise confirmation.LinkOver
        held, _email = found
        _set(held, password, kept=None)
        confirmation.accept(held)
    return held


def change(user: User, password: str, *, kept: int | None) -> None:
    """The caller has asked for the old one. kept: the login that goes on."""
    with transaction.atomic():
        _set(user, password, kept=kept)


def _set(user: User, password: str, *, kept: int | None) -> None:
    user.set_password(password)
    user.save(update_fields=["password"])
    logins.log_out_others(user, kept)
    outbox.enqueue("accounts.send_password_changed", user.pk, markets.current().code, confirmation.moment())
