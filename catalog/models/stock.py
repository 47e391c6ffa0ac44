"""Stock: what lies on the shelf, in a table of its own; its buckets, for a rush; and why it changed.

Only catalog/stock/ writes here.
"""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from shop.actor import ActorField
from shop.changes.triggers import projected


class Stock(models.Model):
    """`on_hand` lies there, `reserved` of it cannot be sold from this row. Untracked goods are always there.

    It is promised to orders, or, where the row `is_split`, has been lent to its buckets, which sell it.
    """

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
    is_split = models.BooleanField(_("sells in a rush"), default=False, editable=False)
    split_at = models.DateTimeField(null=True, editable=False)

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
            models.Index(fields=("split_at",), condition=Q(is_split=True), name="stock_split"),
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
        return f"{self.variant}: {self.free}"

    @property
    def lent(self) -> int:
        """What its buckets have to sell. Prefetch `buckets` for many; without a rush it costs nothing."""
        return sum(bucket.free for bucket in self.buckets.all()) if self.is_split else 0

    @property
    def free(self) -> int:
        """What can be sold."""
        return self.on_hand - self.reserved + self.lent

    @property
    def promised(self) -> int:
        """What is promised to orders."""
        return self.reserved - self.lent


class StockBucket(models.Model):
    """A part of what a variant that sells in a rush has left. Only its number changes: it stays small.

    A sale notes a change when this part comes near the threshold: the whole cannot do so before.
    """

    stock = models.ForeignKey(Stock, models.CASCADE, db_index=False, related_name="buckets")
    place = models.PositiveSmallIntegerField()
    free = models.PositiveIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("stock", "place"), name="stockbucket_place"),)
        triggers = projected(
            shown=["free"],
            listed=["stock"],
            only=(
                "EXISTS (SELECT FROM catalog_stock s WHERE s.variant_id = n.stock_id"
                " AND LEAST(o.free, n.free) <= s.low_at)"
            ),
        )

    def __str__(self) -> str:
        return f"{self.stock_id}/{self.place}: {self.free}"


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

    # No constraint: each sale would lock the variant's row in share mode, and where many do so at once, the
    # lists of who does cost more than the sale.
    variant = models.ForeignKey(
        "catalog.Variant",
        models.CASCADE,
        db_constraint=False,
        related_name="movements",
        verbose_name=_("variant"),
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    on_hand_change = models.IntegerField(_("on hand"), default=0)
    reserved_change = models.IntegerField(_("reserved"), default=0)
    reference = models.CharField(_("reference"), max_length=80, blank=True)  # "order 1042"
    note = models.CharField(_("note"), max_length=200, blank=True)
    actor = ActorField()
    at = models.DateTimeField(_("at"), auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = _("stock movement")
        verbose_name_plural = _("stock movements")
        ordering = ("-at", "-id")
        indexes = (models.Index(fields=("kind", "-at"), name="movement_kind"),)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.variant}"
