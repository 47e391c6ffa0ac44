"""The feed's jobs, which orders/jobs.py offers under their names."""

from datetime import datetime

from orders.feed import delivering, replaying
from orders.models import FeedEndpoint
from shop.outbox import outbox


def look_at_feed() -> None:
    """A quick round of the relay: a receiver waits for something, and nobody is sending to it."""
    if delivering.is_due():
        outbox.enqueue("orders.send_feed", queue="feed", once=True)


def send_feed() -> None:
    """Send what is due; if that takes more than a shift, somebody goes on."""
    if delivering.deliver():
        look_at_feed()


def replay_feed(endpoint_id: int, since: str) -> None:
    """Send an endpoint everything again that has happened since that moment."""
    endpoint = FeedEndpoint.objects.filter(pk=endpoint_id).first()
    if endpoint is not None:
        replaying.again_since(endpoint, datetime.fromisoformat(since))


def tidy_feed() -> None:
    """A round of the relay: old deliveries are forgotten, and those of a dead endpoint given up."""
    delivering.give_up_old()
    replaying.forget_old()
