"""Payment: one attempt to collect an order's total. Refund: one amount that goes back."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from orders.models.invoice import Invoice
from orders.models.order import Order
from shop.actor import ActorField
from shop.money import CurrencyField, Money, MoneyField, currency_is_code


class Payment(models.Model):
    """What a gateway was asked for and what it said; unique by the gateway's reference."""

    class Status(models.TextChoices):
        BEGUN = "begun", _("begun")
        PENDING = "pending", _("pending")
        AUTHORIZED = "authorized", _("approved")
        SUCCEEDED = "succeeded", _("succeeded")
        DECLINED = "declined", _("declined")
        WITHDRAWN = "withdrawn", _("withdrawn")  # ended without money
        HELD = "held", _("held back")  # money that does not fit: a person looks at it
        SURPLUS = "surplus", _("sent back")  # money for nothing: too late, or a second time

    OPEN = (Status.BEGUN, Status.PENDING, Status.AUTHORIZED)  # the gateway has another word to say
    BY_HAND = "by_hand"  # the gateway of money that none collected
    NOTHING = "none"  # … of orders that cost nothing

    order = models.ForeignKey(Order, models.PROTECT, related_name="payments", verbose_name=_("order"))
    gateway = models.CharField(_("gateway"), max_length=20)
    # What was chosen first; an attempt that is repeated is repeated in the same way.
    choice = models.CharField(_("way to pay"), max_length=20, default="", db_default="")
    reference = models.CharField(  # noqa: DJ001 (unique once the gateway gave one)
        _("reference"), max_length=120, null=True, blank=True
    )
    # What it is called where its money is told of, if that is another name than its reference.
    also_known_as = models.CharField(max_length=120, default="", db_default="", editable=False)
    idempotency_key = models.CharField(_("idempotency key"), max_length=80)
    # Which card it is for, by a digest of what the gateway's fields gave: each attempt has one.
    confirmation = models.CharField(max_length=16, default="", db_default="", editable=False)
    # That card has been given to the gateway, and no answer is known: until then no other takes its place.
    confirming_until = models.DateTimeField(null=True, editable=False)
    amount = MoneyField(_("amount"))  # what was asked for; of money that does not fit, what came
    currency = CurrencyField(_("currency"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.BEGUN)
    # The word that was held back, "succeeded" or "authorized": whether the money was taken, or only approved.
    held_as = models.CharField(max_length=10, default="", db_default="", editable=False)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("begun"), auto_now_add=True)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ("order_id", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("gateway", "reference"),
                condition=models.Q(reference__isnull=False),
                name="payment_reference_unique",
            ),
            models.UniqueConstraint(fields=("idempotency_key",), name="orders_payment_idempotency_key_key"),
            models.UniqueConstraint(
                fields=("order",), condition=models.Q(status="succeeded"), name="payment_one_success"
            ),
            models.CheckConstraint(condition=models.Q(amount__gte=0), name="payment_not_negative"),
            currency_is_code("payment_currency"),
        )
        indexes = (
            models.Index(fields=("status", "created_at"), name="payment_open"),
            models.Index(
                fields=("also_known_as",), condition=~models.Q(also_known_as=""), name="payment_other_name"
            ),
        )

    def __str__(self) -> str:
        return self.reference or self.idempotency_key

    @property
    def money(self) -> Money:
        """What was asked for, or, if it does not fit, came."""
        return Money(self.amount, self.currency)


# Under the payment's lock: two refunds at once would each see the other's money still there.
_NEVER_MORE = """
        IF NEW.status = 'failed' THEN RETURN NEW; END IF;
        SELECT amount INTO paid FROM orders_payment WHERE id = NEW.payment_id FOR UPDATE;
        SELECT coalesce(sum(amount), 0) INTO sent FROM orders_refund
            WHERE payment_id = NEW.payment_id AND status <> 'failed' AND id <> coalesce(NEW.id, 0);
        IF sent + NEW.amount > paid THEN
            RAISE EXCEPTION 'payment %: % of % would be refunded', NEW.payment_id, sent + NEW.amount, paid
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
"""


class Refund(models.Model):
    """Money of a payment that goes back: written first, then the gateway is asked by a job, once by its key.

    A trigger sees to it that no more goes back than came.
    """

    class Status(models.TextChoices):
        BEGUN = "begun", _("begun")
        SUCCEEDED = "succeeded", _("sent")
        FAILED = "failed", _("failed")

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds", verbose_name=_("payment"))
    amount = MoneyField(_("amount"))
    currency = CurrencyField(_("currency"))
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.BEGUN)
    error = models.CharField(_("what the gateway said"), max_length=200, blank=True)
    # What it is for: {line: pieces}, and what of the delivery. Nothing: an amount.
    pieces = models.JSONField(_("goods"), default=dict, db_default={})
    delivery = MoneyField(_("delivery"), null=True, blank=True)
    credit_note = models.ForeignKey(
        Invoice, models.PROTECT, null=True, blank=True, related_name="refunds", verbose_name=_("credit note")
    )
    idempotency_key = models.CharField(_("idempotency key"), max_length=80, unique=True)
    reference = models.CharField(_("reference"), max_length=120, null=True, blank=True, unique=True)
    actor = ActorField()
    created_at = models.DateTimeField(_("begun"), auto_now_add=True)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)
    closed_at = models.DateTimeField(
        _("seen to"), null=True, blank=True
    )  # one that failed: tried again, or left

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering = ("payment_id", "id")
        constraints = (
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="refund_positive"),
            currency_is_code("refund_currency"),
        )
        indexes = (models.Index(fields=("status", "created_at"), name="refund_open"),)
        triggers = (
            pgtrigger.Trigger(
                name="never_more_than_paid",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                declare=[("paid", "numeric"), ("sent", "numeric")],
                func=_NEVER_MORE,
            ),
        )

    def __str__(self) -> str:
        return self.reference or self.idempotency_key

    @property
    def money(self) -> Money:
        """What goes back."""
        return Money(self.amount, self.currency)
