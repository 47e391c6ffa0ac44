"""What mails about an account say. Call them inside `markets.use(market)`."""

from typing import Any

from django.conf import settings
from django.urls import reverse

from accounts import links
from accounts.models import User
from shop import mail, markets


def welcome(user: User) -> None:
    """Greets a new customer, with the link that confirms the address."""
    _send("welcome", user, link=_link("confirm", links.token(links.CONFIRM, user)))


def confirm(user: User, moment: str) -> None:
    """The link that confirms the address, asked for once more."""
    _send("confirm", user, moment=moment, link=_link("confirm", links.token(links.CONFIRM, user)))


def reset(user: User, moment: str) -> None:
    """The link to a new password."""
    _send("reset", user, moment=moment, link=_link("reset_new", links.token(links.RESET, user)))


def password_changed(user: User, moment: str) -> None:
    """Tells the owner, who may not be the one who did it."""
    _send("password_changed", user, moment=moment, link=_link("reset"))


def change(user: User, email: str, moment: str) -> None:
    """The link to another address, sent there."""
    link = _link("change", links.token(links.CHANGE, user, email=email))
    _send("change", user, to=email, moment=moment, link=link)


def taken(email: str, moment: str) -> None:
    """To an address that somebody wants for an account, and that has one already: nothing about theirs."""
    _deliver("taken", email, {"link": _link("login"), "reset_link": _link("reset")}, f"{email} at {moment}")


def changed(user: User, before: str, moment: str) -> None:
    """Tells the address that was the account's until now."""
    contact = settings.SITE_URL + reverse("catalog:page", args=["contact"])
    _send("changed", user, to=before, moment=moment, before=before, link=contact)


def _send(name: str, user: User, *, to: str = "", moment: str = "", **words: Any) -> None:
    context = {"name": user.get_short_name(), "email": user.email, **words}
    _deliver(name, to or user.email, context, f"user {user.pk} at {moment}" if moment else f"user {user.pk}")


def _deliver(name: str, to: str, words: dict[str, Any], key: str) -> None:
    market = markets.current()
    context = {**words, "to": to, "shop_url": settings.SITE_URL + market.mount}
    mail.send(f"accounts/{name}", to, context, language=market.language, key=key)


def _link(name: str, *args: str) -> str:
    return settings.SITE_URL + reverse(f"accounts:{name}", args=args)
