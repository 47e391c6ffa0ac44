"""Examples of the mails about accounts: of one that nobody has."""

from django.utils.translation import gettext_lazy as _

from accounts import emails
from accounts.models import User
from shop import mail


def show() -> None:
    """Each of them, to whoever looks at mails."""
    for name, title, send in (
        ("welcome", _("Account made"), lambda: emails.welcome(_ada())),
        ("confirm", _("Address to be confirmed"), lambda: emails.confirm(_ada(), "now")),
        ("reset", _("New password asked for"), lambda: emails.reset(_ada(), "now")),
        ("password_changed", _("Password changed"), lambda: emails.password_changed(_ada(), "now")),
        ("change", _("New address to be confirmed"), lambda: emails.change(_ada(), "ada@new.example", "now")),
        ("changed", _("Address changed"), lambda: emails.changed(_ada(), "ada@old.example", "now")),
        ("taken", _("Address has an account already"), lambda: emails.taken("ada@example.com", "now")),
    ):
        mail.example(f"accounts/{name}", title, send)


def _ada() -> User:
    """In no database: her links lead nowhere."""
    return User(pk=0, email="ada@example.com", name="Ada Lovelace")
