"""How somebody gets an account."""

from django.db import IntegrityError, transaction

from accounts.models import User
from shop import markets
from shop.outbox import outbox


class AddressTaken(Exception):
    """There is an account with this e-mail address."""


def register(email: str, *, name: str, password: str) -> User:
    """A new account, greeted by mail; AddressTaken if the address has one.

    The password is hashed before anything is asked, so that a taken address takes as long as a free one.
    """
    user = User(email=email.strip(), name=name)
    user.set_password(password)
    try:
        with transaction.atomic():
            # Insert and see: a look before would let two at once pass, and the constraint knows better.
            user.save(force_insert=True)
            outbox.enqueue("accounts.send_welcome", user.pk, markets.current().code)
    except IntegrityError as taken:
        raise AddressTaken(email) from taken
    return user
