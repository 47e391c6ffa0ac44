"""Return: goods that came back, what of them is sold again, and the money that went for them."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from orders.models.order import Order, OrderLine
from orders.models.payment import Refund
from shop.actor import ActorField

# Under the line's lock: two who take it back at once would each see the other's pieces still out.
_NEVER_MORE = """
        PERFORM FROM orders_orderline WHERE id = NEW.line_id FOR UPDATE;
        SELECT coalesce(sum(m.quantity), 0) INTO sent
            FROM orders_shipmentline m JOIN orders_shipment s ON s.id = m.shipment_id
            JOIN orders_return r ON r.order_id = s.order_id AND r.id = NEW.back_id
            WHERE m.line_id = NEW.line_id;
        SELECT coalesce(sum(quantity), 0) INTO back FROM orders_returnline
            WHERE line_id = NEW.line_id AND id <> coalesce(NEW.id, 0);
        IF back + NEW.quantity > sent THEN
            RAISE EXCEPTION 'line %: % of % pieces would have come back',
                NEW.line_id, back + NEW.quantity, sent USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
"""


class Return(models.Model):
    """Goods of an order that came back, all at once."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="returns", verbose_name=_("order"))
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    # The newest attempt to send their money back, if any goes back.
    refund = models.ForeignKey(
        Refund, models.PROTECT, null=True, blank=True, related_name="returns", verbose_name=_("refund")
    )
    actor = ActorField()
    received_at = models.DateTimeField(_("came back"), auto_now_add=True)

    class Meta:
        verbose_name = _("return")
        verbose_name_plural = _("returns")
        ordering = ("order_id", "id")

    def __str__(self) -> str:
        return f"{self.order.number}, {self.received_at:%Y-%m-%d}"


class ReturnLine(models.Model):
    """How many of a line came back, and how many of those went to the shelf; never edited."""

    back = models.ForeignKey(
        Return, models.CASCADE, db_index=False, related_name="lines", verbose_name=_("return")
    )
    line = models.ForeignKey(OrderLine, models.CASCADE, related_name="returned", verbose_name=_("line"))
    quantity = models.PositiveIntegerField(_("quantity"))
    restocked = models.PositiveIntegerField(_("back on the shelf"), default=0)

    class Meta:
        verbose_name = _("goods of a return")
        verbose_name_plural = _("goods of a return")
        ordering = ("back_id", "line_id")
        constraints = (
            models.UniqueConstraint(fields=("back", "line"), name="returnline_once"),
            models.CheckConstraint(
                condition=models.Q(quantity__gte=1, restocked__lte=models.F("quantity")),
                name="returnline_quantity",
            ),
        )
        triggers = (
            pgtrigger.Trigger(
                name="never_more_than_sent",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                declare=[("sent", "integer"), ("back", "integer")],
                func=_NEVER_MORE,
            ),
        )

    def __str__(self) -> str:
        return f"{self.quantity} × {self.line_id}"
