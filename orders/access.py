"""Who may open an order by its link: renew() makes void all that were given out."""

from django.db import transaction

from orders import states
from orders.models import Order


def renew(order: Order, *, actor_id: int | None = None) -> Order:
    """From now on only new links open it; who comes by an old one can have a new one mailed."""
    with transaction.atomic():
        held = states.lock(order.pk)
        held.links_renewed += 1
        held.save(update_fields=["links_renewed"])
        states.note_event(held, "links_renewed", actor_id=actor_id)
    return held
