"""What pages show of an account."""

from accounts.models import Address, User


def last_address(user: User) -> Address | None:
    """The address a customer used to give: the default one, else the newest."""
    return Address.objects.filter(user=user).order_by("-is_default", "-id").first()
