"""Payment: one attempt to collect an order's total."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from orders.models.order import Order
from shop.money import CurrencyField, MoneyField, currency_is_code


class Payment(models.Model):
    """What a gateway was asked for and what it said; unique by the gateway's reference."""

    class Status(models.TextChoices):
        BEGUN = "begun", _("begun")
        PENDING = "pending", _("pending")
        SUCCEEDED = "succeeded", _("succeeded")
        DECLINED = "declined", _("declined")

    order = models.ForeignKey(Order, models.PROTECT, related_name="payments", verbose_name=_("order"))
    gateway = models.CharField(_("gateway"), max_length=20)
    reference = models.CharField(  # noqa: DJ001 (unique once the gateway gave one)
        _("reference"), max_length=120, null=True, blank=True
    )
    idempotency_key = models.CharField(_("idempotency key"), max_length=80, unique=True)
    amount = MoneyField(_("amount"))
    currency = CurrencyField(_("currency"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.BEGUN)
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
            models.UniqueConstraint(
                fields=("order",), condition=models.Q(status="succeeded"), name="payment_one_success"
            ),
            models.CheckConstraint(condition=models.Q(amount__gte=0), name="payment_not_negative"),
            currency_is_code("payment_currency"),
        )
        indexes = (models.Index(fields=("status", "created_at"), name="payment_open"),)

    def __str__(self) -> str:
        return self.reference or self.idempotency_key
