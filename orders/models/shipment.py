"""Shipment: a parcel that left, and what was in it. GivenUp: what of an order never comes."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from orders.models.order import Order, OrderLine
from shop.actor import ActorField

# Under the line's lock: two who ship at once would each see the other's pieces still there.
_NEVER_MORE = """
        SELECT l.quantity INTO bought FROM orders_orderline l {of_order}
            WHERE l.id = NEW.line_id FOR UPDATE OF l;
        SELECT coalesce(sum(quantity), 0) INTO gone FROM orders_shipmentline
            WHERE line_id = NEW.line_id AND NOT ({is_parcel} AND id = coalesce(NEW.id, 0));
        SELECT gone + coalesce(sum(quantity), 0) INTO gone FROM orders_givenup
            WHERE line_id = NEW.line_id AND NOT (NOT {is_parcel} AND id = coalesce(NEW.id, 0));
        IF bought IS NULL OR gone + NEW.quantity > bought THEN
            RAISE EXCEPTION 'line %: % of % pieces would have left or been given up',
                NEW.line_id, gone + NEW.quantity, bought USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
"""
_OF_ORDER = "JOIN orders_shipment s ON s.order_id = l.order_id AND s.id = NEW.shipment_id"


def never_more_than_bought(*, is_parcel: bool) -> pgtrigger.Trigger:
    """For Meta.triggers: of no line more leaves, or is given up, than was bought."""
    return pgtrigger.Trigger(
        name="never_more_than_bought",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        declare=[("bought", "integer"), ("gone", "integer")],
        func=_NEVER_MORE.format(is_parcel=str(is_parcel).lower(), of_order=_OF_ORDER if is_parcel else ""),
    )


class Shipment(models.Model):
    """A parcel of an order that was handed to a carrier; its code may become known later."""

    order = models.ForeignKey(
        Order, models.CASCADE, db_index=False, related_name="shipments", verbose_name=_("order")
    )
    number = models.PositiveSmallIntegerField(_("number"))  # 1, 2, 3 … within the order
    carrier = models.CharField(_("carrier"), max_length=80, blank=True)
    tracking_code = models.CharField(_("tracking code"), max_length=120, blank=True)
    is_told = models.BooleanField(_("the customer is told"), default=True)
    actor = ActorField()
    shipped_at = models.DateTimeField(_("shipped"), auto_now_add=True)

    class Meta:
        verbose_name = _("shipment")
        verbose_name_plural = _("shipments")
        ordering = ("order_id", "number")
        constraints = (models.UniqueConstraint(fields=("order", "number"), name="shipment_number_once"),)

    def __str__(self) -> str:
        return f"{self.order.number}/{self.number}"


class ShipmentLine(models.Model):
    """How many of a line are in a parcel; never edited."""

    shipment = models.ForeignKey(
        Shipment, models.CASCADE, db_index=False, related_name="lines", verbose_name=_("shipment")
    )
    line = models.ForeignKey(OrderLine, models.CASCADE, related_name="shipped", verbose_name=_("line"))
    quantity = models.PositiveIntegerField(_("quantity"))

    class Meta:
        verbose_name = _("goods of a shipment")
        verbose_name_plural = _("goods of a shipment")
        ordering = ("shipment_id", "line_id")
        constraints = (
            models.UniqueConstraint(fields=("shipment", "line"), name="shipmentline_once"),
            models.CheckConstraint(condition=models.Q(quantity__gte=1), name="shipmentline_quantity"),
        )
        triggers = (never_more_than_bought(is_parcel=True),)

    def __str__(self) -> str:
        return f"{self.quantity} × {self.line_id}"


class GivenUp(models.Model):
    """How many of a line never come, although the rest of the order did; never edited."""

    line = models.OneToOneField(OrderLine, models.CASCADE, related_name="given_up", verbose_name=_("line"))
    quantity = models.PositiveIntegerField(_("quantity"))

    class Meta:
        verbose_name = _("pieces that never come")
        verbose_name_plural = _("pieces that never come")
        constraints = (models.CheckConstraint(condition=models.Q(quantity__gte=1), name="givenup_quantity"),)
        triggers = (never_more_than_bought(is_parcel=False),)

    def __str__(self) -> str:
        return f"{self.quantity} × {self.line_id}"
