"""What the outbox does for accounts: mails, in the market where they were asked for.

An account that is gone, or closed, gets none. `moment` is when it was asked for.
"""

from accounts import emails, queries
from accounts.models import User
from shop import markets


def send_welcome(user_id: int, market_code: str) -> None:
    """Mail the greeting."""
    user = _user(user_id)
    if user is not None:
        with markets.use(markets.get_or_default(market_code)):
            emails.welcome(user)


def send_confirm(user_id: int, market_code: str, moment: str) -> None:
    """Mail the link that confirms the address, unless it is confirmed meanwhile."""
    user = _user(user_id)
    if user is not None and not user.is_confirmed:
        with markets.use(markets.get_or_default(market_code)):
            emails.confirm(user, moment)


def send_reset(user_id: int, market_code: str, moment: str) -> None:
    """Mail the link to a new password; 0 is nobody, for whom the same work was done."""
    user = _user(user_id)
    if user is not None and user.has_usable_password():
        with markets.use(markets.get_or_default(market_code)):
            emails.reset(user, moment)


def send_password_changed(user_id: int, market_code: str, moment: str) -> None:
    """Tell the owner that there is a new password."""
    user = _user(user_id)
    if user is not None:
        with markets.use(markets.get_or_default(market_code)):
            emails.password_changed(user, moment)


def send_change(user_id: int, email: str, market_code: str, moment: str) -> None:
    """Mail the link to another address there; if that is somebody else's, tell them instead."""
    user = _user(user_id)
    if user is None:
        return
    other = queries.by_email(email)
    with markets.use(markets.get_or_default(market_code)):
        if other is None or other.pk == user.pk:
            emails.change(user, email, moment)
        else:
            emails.taken(email, moment)


def send_changed(user_id: int, before: str, market_code: str, moment: str) -> None:
    """Tell the old address that the account has another one now."""
    user = _user(user_id)
    if user is not None:
        with markets.use(markets.get_or_default(market_code)):
            emails.changed(user, before, moment)


def _user(user_id: int) -> User | None:
    return User.objects.filter(pk=user_id, is_active=True).first()
