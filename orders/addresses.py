"""correct(): an order goes to another address than was written, or its mails do; what was charged and
invoiced stays."""

from collections.abc import Mapping

from django.db import transaction
from django.utils.text import capfirst

from accounts.models import PostalFields
from catalog import taxes
from orders import states
from orders.models import Order
from orders.states import WrongMove

Status = Order.Status
TO_CORRECT = frozenset({Status.PLACED, Status.AUTHORIZED, Status.PAID, Status.PART_SHIPPED})
_FIELDS = (*PostalFields._meta.fields, Order._meta.get_field("email"))
_LABELS = {field.name: field.verbose_name for field in _FIELDS}
PARTS = tuple(_LABELS)
CHANGED = "address_changed"
_NOTE = 300  # characters that an event's note has room for


class TaxedElsewhere(Exception):
    """The tax, or the way it is delivered, hangs on what was to change: the country, or a region."""


def correct(order: Order, parts: Mapping[str, str], *, actor_id: int | None = None) -> list[str]:
    """Writes those parts of its address, and in the timeline what they were; which ones have changed.

    WrongMove for an order of which all was sent, or that has ended; TaxedElsewhere. Its papers stay: an
    invoice is written once. Who it is mailed to is a part of it: "email", from then on.
    """
    with transaction.atomic():
        held = states.lock(order.pk)
        if held.status not in TO_CORRECT:
            raise WrongMove(held, "addressed anew")
        changed = {
            name: said for name in PARTS if (said := parts.get(name)) not in {None, getattr(held, name)}
        }
        if "country" in changed or ("region" in changed and not is_taxed_alike(held, parts["region"])):
            raise TaxedElsewhere(held.number)
        told = []
        for name, text in changed.items():
            told.append(f"{capfirst(str(_LABELS[name]))}: {getattr(held, name) or '–'} → {text or '–'}")
            setattr(held, name, text)
        if changed:
            held.save(update_fields=list(changed))
            for note in _notes(told):
                states.note_event(held, CHANGED, note=note, actor_id=actor_id)
        return list(changed)


def is_taxed_alike(order: Order, region: str) -> bool:
    """Whether the order would be taxed there as it is where it was to go, in the same country."""
    country, was = order.country, order.region
    is_alike = taxes.rates_in(country, was) == taxes.rates_in(country, region)
    return is_alike and taxes.may_be_reversed(country, was) == taxes.may_be_reversed(country, region)


def _notes(told: list[str]) -> list[str]:
    """In one line if it has room for all of them: nothing of what was there before is cut off."""
    whole = " · ".join(told)
    notes = [whole] if len(whole) <= _NOTE else told
    return [note[at : at + _NOTE] for note in notes for at in range(0, len(note), _NOTE)]
