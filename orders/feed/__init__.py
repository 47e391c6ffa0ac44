"""The feed: an ERP or a WMS is told what happens to orders and stock, by signed webhooks. See docs/feed.md.

Triggers write a delivery for each event and each active endpoint, in the transaction in which it happens,
whoever wrote it; `delivering` sends them, `replaying` sends them again.
"""

from orders.feed.calling import Refused, check
from orders.feed.delivering import PAUSES, deliver, give_up_old, is_due
from orders.feed.replaying import again, again_since, forget_old, send_test
from orders.feed.signing import rotate

__all__ = [
    "PAUSES",
    "Refused",
    "again",
    "again_since",
    "check",
    "deliver",
    "forget_old",
    "give_up_old",
    "is_due",
    "rotate",
    "send_test",
]
