"""What mails about an account say."""

from typing import Any

from django.conf import settings
from django.urls import reverse

from accounts.models import User
from shop import mail, markets


def welcome(user: User, market: markets.Market) -> None:
    """Greets a new customer; call it inside `markets.use(market)`."""
    context: dict[str, Any] = {
        "name": user.get_short_name(),
        "email": user.email,
        "account_url": settings.SITE_URL + reverse("accounts:account"),
        "shop_url": settings.SITE_URL + market.mount,
    }
    mail.send("accounts/welcome", user.email, context, language=market.language, key=f"user {user.pk}")
