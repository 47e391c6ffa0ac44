"""FeedEndpoint: who is told what happens to orders and stock; FeedDelivery: one thing to tell one of them."""

import base64
import secrets

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

PREFIX = "whsec_"


def new_secret() -> str:
    """A key of 256 bits, written as the Standard Webhooks say."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


class FeedEndpoint(models.Model):
    """An ERP or WMS that hears of orders and stock.

    Triggers on orders_orderevent and catalog_stockmovement write a delivery for each active one, in the
    transaction in which it happens. What is not editable here is written by orders/feed/ only.
    """

    class Topic(models.TextChoices):
        """What can be chosen; "order.*" is every event of an order, those without a line here too."""

        PLACED = "order.placed", _("order placed")
        AUTHORIZED = "order.authorized", _("payment approved")
        PAID = "order.paid", _("order paid")
        PART_SHIPPED = "order.part_shipped", _("order partly shipped")
        SHIPPED = "order.shipped", _("order shipped")
        DELIVERED = "order.delivered", _("order delivered")
        RETURNED = "order.returned", _("goods came back")
        REFUNDED = "order.refunded", _("money sent back")
        CANCELLED = "order.cancelled", _("order cancelled")
        EXPIRED = "order.expired", _("order not paid in time")
        ALL = "order.*", _("everything about orders, mails and attempts to pay too")
        STOCK = "stock.changed", _("stock changed: received, counted, reserved, shipped …")

    name = models.CharField(_("name"), max_length=80)
    url = models.CharField(_("address"), max_length=500)
    topics = ArrayField(models.CharField(max_length=60), verbose_name=_("what it is told"), default=list)
    is_active = models.BooleanField(_("active"), default=True)
    secret = models.CharField(_("secret"), max_length=120, default=new_secret, editable=False)
    # After a change both sign for a while: nobody changes it on two machines at once.
    former_secret = models.CharField(max_length=120, blank=True, editable=False)
    former_until = models.DateTimeField(null=True, editable=False)
    numbered = models.PositiveBigIntegerField(default=0, editable=False)  # the last sequence given
    lease_until = models.DateTimeField(null=True, editable=False)  # somebody is sending
    failures = models.PositiveIntegerField(default=0, editable=False)  # in a row
    failing_since = models.DateTimeField(_("failing since"), null=True, editable=False)
    rest_until = models.DateTimeField(null=True, editable=False)  # it is left alone
    stopped = models.CharField(_("switched off because"), max_length=200, blank=True, editable=False)
    created_at = models.DateTimeField(_("made"), auto_now_add=True)

    class Meta:
        verbose_name = _("feed")
        verbose_name_plural = _("feeds")
        ordering = ("id",)

    def __str__(self) -> str:
        return self.name


class FeedDelivery(models.Model):
    """One event for one endpoint: its ids only, what is sent is read when it is.

    The database knows no foreign key to the endpoint: each order would lock that row in share mode for it.
    Those of an endpoint that is gone are forgotten by a round, some at a time.
    """

    class Stream(models.TextChoices):
        ORDER = "order", _("order")
        STOCK = "stock", _("stock")
        TEST = "test", _("test")

    class Status(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DELIVERED = "delivered", _("delivered")
        FAILED = "failed", _("given up")
        SKIPPED = "skipped", _("not there any more")  # what it was about has been deleted

    endpoint = models.ForeignKey(
        FeedEndpoint,
        models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="deliveries",
        verbose_name=_("feed"),
    )
    stream = models.CharField(max_length=8, choices=Stream)
    source_id = models.BigIntegerField()  # of the order's event, of the stock's movement
    topic = models.CharField(_("event"), max_length=60)
    # Given when it is about to be sent, in the order of commits as far as one can see it: without gaps.
    sequence = models.PositiveBigIntegerField(_("sequence"), null=True)
    status = models.CharField(_("state"), max_length=10, choices=Status, db_default=Status.WAITING)
    attempts = models.PositiveSmallIntegerField(_("tries"), db_default=0)
    queued_at = models.DateTimeField(_("queued"), db_default=Now())
    due_at = models.DateTimeField(_("due"), db_default=Now())
    tried_at = models.DateTimeField(_("last tried"), null=True)
    closed_at = models.DateTimeField(_("done"), null=True)
    response_status = models.PositiveSmallIntegerField(_("answer"), null=True)
    error = models.CharField(_("error"), max_length=300, blank=True, db_default="")

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(fields=("endpoint", "stream", "source_id"), name="feeddelivery_once"),
        )
        indexes = (
            models.Index(
                fields=("endpoint", "sequence"), condition=Q(status="waiting"), name="feeddelivery_next"
            ),
            models.Index(
                fields=("endpoint", "due_at"), condition=Q(status="waiting"), name="feeddelivery_due"
            ),
            models.Index(fields=("endpoint", "-id"), name="feeddelivery_latest"),
            models.Index(fields=("status", "closed_at"), name="feeddelivery_closed"),
        )

    def __str__(self) -> str:
        return f"{self.topic} {self.source_id}"

    @property
    def message_id(self) -> str:
        """The webhook-id: the same event has the same, however often it is sent, and to whomever."""
        return f"msg_{self.stream}_{self.source_id}"
