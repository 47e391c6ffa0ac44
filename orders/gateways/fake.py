"""A gateway that takes no money: it pays, declines or takes its time, as the buyer asks."""

import hashlib
from datetime import timedelta

from django.utils.translation import gettext as _

from orders.gateways import Choice, GatewayResult
from shop.money import Money
from shop.outbox import outbox

SETTLES_AFTER = timedelta(seconds=60)


class FakeGateway:
    """The same key and choice give the same answer, however often asked."""

    code = "fake"

    def choices(self) -> list[Choice]:
        return [
            Choice("pays", _("Test card that pays"), _("The payment succeeds at once.")),
            Choice("declines", _("Test card that is declined"), _("The bank says no; you can try again.")),
            Choice("pending", _("Test transfer that takes its time"), _("The money arrives a minute later.")),
        ]

    def create(
        self, *, key: str, amount: Money, choice: str, description: str, return_url: str
    ) -> GatewayResult:
        reference = "fake_" + hashlib.sha256(key.encode()).hexdigest()[:24]
        if choice == "declines":
            return GatewayResult(reference, "declined", _("The bank declined the card."))
        if choice == "pending":
            # The bank's later word; a real provider would send a webhook.
            outbox.enqueue("orders.settle_pending_fake", key, queue="high", due_in=SETTLES_AFTER)
            return GatewayResult(reference, "pending")
        return GatewayResult(reference, "succeeded")


gateway = FakeGateway()
