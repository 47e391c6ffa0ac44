"""What the outbox does for accounts."""

from accounts import emails
from accounts.models import User
from shop import markets


def send_welcome(user_id: int, market_code: str) -> None:
    """Mail the greeting, in the market where the account was made; an account that is gone gets none."""
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        return
    with markets.use(markets.get_or_default(market_code)) as market:
        emails.welcome(user, market)
