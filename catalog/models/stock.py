"""Stock: what lies on the shelf, in a table of its own; StockMovement: why it changed.

Only catalog/stock.py writes here.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from shop.changes.triggers import projected


class Stock(models.Model):
    """`on_hand` lies there, `reserved` of it is promised to orders. Untracked goods are always there."""

    variant = models.OneToOneField(
        "catalog.Variant",
        models.CASCADE,
        primary_key=True,
        related_name="stock",
        verbose_name=_("variant"),
    )
    on_hand = models.IntegerField(_("on hand"), default=0)
    reserved = models.IntegerField(_("reserved"), default=0)
    low_at = models.PositiveIntegerField(_("low at"), default=3)
    is_tracked = models.BooleanField(_("counted"), default=True)

    class Meta:
        verbose_name = _("stock")
        verbose_name_plural = _("stock")
        constraints = (
            models.CheckConstraint(condition=Q(on_hand__gte=0), name="stock_on_hand"),
            models.CheckConstraint(condition=Q(reserved__gte=0), name="stock_reserved"),
            models.CheckConstraint(
                condition=Q(is_tracked=False) | Q(reserved__lte=F("on_hand")), name="stock_not_oversold"
            ),
        )
        indexes = (
            models.Index(F("on_hand") - F("reserved"), name="stock_free"),
            models.Index(fields=("is_tracked",), name="stock_tracked"),
        )
        # A sale far from the threshold changes no page, and notes nothing.
        triggers = projected(
            shown=["on_hand", "reserved", "low_at", "is_tracked"],
            only=(
                "o.is_tracked IS DISTINCT FROM n.is_tracked"
                " OR LEAST(o.on_hand - o.reserved, n.on_hand - n.reserved) <= GREATEST(o.low_at, n.low_at)"
            ),
        )

    def __str__(self) -> str:
        return f"{self.variant}: {self.on_hand - self.reserved}"


class StockMovement(models.Model):
    """Why the stock changed, and by how much; never edited."""

    class Kind(models.TextChoices):
        RECEIVED = "received", _("received")
        COUNTED = "counted", _("counted")
        RESERVED = "reserved", _("reserved")
        RELEASED = "released", _("released")
        SHIPPED = "shipped", _("shipped")
        RETURNED = "returned", _("returned")
        IMPORTED = "imported", _("imported")

    variant = models.ForeignKey(
        "catalog.Variant", models.CASCADE, related_name="movements", verbose_name=_("variant")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    on_hand_change = models.IntegerField(_("on hand"), default=0)
    reserved_change = models.IntegerField(_("reserved"), default=0)
    reference = models.CharField(_("reference"), max_length=80, blank=True)  # "order 1042"
    note = models.CharField(_("note"), max_length=200, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("by"),
    )
    at = models.DateTimeField(_("at"), auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = _("stock movement")
        verbose_name_plural = _("stock movements")
        ordering = ("-at", "-id")
        indexes = (models.Index(fields=("kind", "-at"), name="movement_kind"),)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.variant}"
