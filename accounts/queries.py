"""What pages show of an account."""

from typing import Any

from babel import Locale
from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.utils import translation
from django.utils.translation import gettext as _

from accounts import agents
from accounts.models import Address, Login, PostalFields, User
from shop import places

Shape = dict[str, Any]


def by_email(email: str) -> User | None:
    """The account of that address, whatever its case."""
    return User.objects.alias(folded=Lower("email")).filter(folded=email.strip().lower()).first()


def email_of(user_id: int) -> str:
    """The address of that account, "" if it is gone."""
    return User.objects.filter(pk=user_id).order_by().values_list("email", flat=True).first() or ""


def addresses(user: User) -> QuerySet[Address]:
    """The address book, the default one first."""
    return Address.objects.filter(user=user).order_by("-is_default", "-id")


def last_address(user: User) -> Address | None:
    """The address a customer used to give: the default one, else the newest."""
    return addresses(user).first()


def logins(user: User, current: int | None) -> list[Shape]:
    """Where the account is logged in, this browser first."""
    rows = [_login(row, current) for row in Login.objects.filter(user=user).order_by("-seen_at")[:100]]
    return sorted(rows, key=lambda row: not row["is_this"])


def _login(row: Login, current: int | None) -> Shape:
    return {
        "id": row.pk,
        "name": agents.named(row.agent),
        "kind": agents.kind(row.agent),
        "is_hand_held": agents.is_hand_held(row.agent),
        "seen_at": row.seen_at,
        "created_at": row.created_at,
        "is_this": row.pk == current,
    }


def address_lines(parts: PostalFields, vat_number: str = "") -> list[str]:
    """An address as its country writes it on a parcel; the country's name in the reader's language.

    A business's number, if there is one, stands below.
    """
    locale = Locale.parse(translation.get_language() or "en", sep="-")
    country = locale.territories.get(parts.country, parts.country)
    held = {part.name: getattr(parts, part.name) for part in PostalFields._meta.fields}
    number = _("VAT number %s") % vat_number if vat_number else ""
    return [*places.of(parts.country).written(held), *filter(None, (country, number))]
