"""The address book: kept once, one of them the default, never of somebody else."""

from collections.abc import Callable, Mapping

from babel import Locale
from django.db import transaction
from django.utils import translation
from django.utils.module_loading import import_string

from accounts.models import Address, PostalFields, User

MOST = 50
PARTS = tuple(part.name for part in PostalFields._meta.fields)

Countries = Callable[[], list[tuple[str, str]]]
_served: list[str] = []


class Full(Exception):
    """Nobody has so many addresses."""


def serve(name: str) -> None:
    """From an app's ready(): "checkout.queries.destinations", which gives countries by code and name."""
    _served[:] = [name]


def countries() -> list[tuple[str, str]]:
    """What an address may be in: where the shop delivers to, in the reader's language."""
    if _served:
        served: Countries = import_string(_served[0])
        return served()
    names = Locale.parse(translation.get_language() or "en", sep="-").territories
    return sorted(((code, name) for code, name in names.items() if code.isalpha()), key=lambda pair: pair[1])


def keep(user: User, parts: Mapping[str, str], *, is_default: bool = False) -> Address:
    """In the book, if it is not there already; the first one is the default. Full."""
    with transaction.atomic():
        held = _lock(user)
        wanted = _parts(parts)
        found = Address.objects.filter(user=held, **wanted).first()
        if found is None:
            count = Address.objects.filter(user=held).count()
            if count >= MOST:
                raise Full
            is_default = is_default or not count
            found = Address.objects.create(user=held, **wanted)
        if is_default:
            _prefer(held, found.pk)
    return found


def change(user: User, address_id: int, parts: Mapping[str, str], *, is_default: bool = False) -> None:
    """Nothing happens if it is not there (any more)."""
    with transaction.atomic():
        held = _lock(user)
        changed = Address.objects.filter(user=held, pk=address_id).update(**_parts(parts))
        if changed and is_default:
            _prefer(held, address_id)


def prefer(user: User, address_id: int) -> None:
    """It is the default from now on."""
    with transaction.atomic():
        held = _lock(user)
        if Address.objects.filter(user=held, pk=address_id).exists():
            _prefer(held, address_id)


def remove(user: User, address_id: int) -> bool:
    """Gone; the newest of the others takes its place as the default. False if it was not there."""
    with transaction.atomic():
        held = _lock(user)
        gone, _rows = Address.objects.filter(user=held, pk=address_id).delete()
        if gone and not Address.objects.filter(user=held, is_default=True).exists():
            newest = Address.objects.filter(user=held).order_by("-id").first()
            if newest is not None:
                _prefer(held, newest.pk)
    return bool(gone)


def _prefer(held: User, address_id: int) -> None:
    # One after the other: the constraint looks at each row as it is written.
    Address.objects.filter(user=held, is_default=True).exclude(pk=address_id).update(is_default=False)
    Address.objects.filter(user=held, pk=address_id).update(is_default=True)


def _lock(user: User) -> User:
    """Two tabs one after the other."""
    return User.objects.select_for_update(no_key=True).get(pk=user.pk)


def _parts(parts: Mapping[str, str]) -> dict[str, str]:
    return {name: parts.get(name, "") for name in PARTS}
