"""StrayMoney: money at a gateway that no order here knows."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shop.money import CurrencyField, Money, MoneyField, currency_is_code


class StrayMoney(models.Model):
    """A payment that somebody made into our account, and none of our rows asked for.

    Found by a webhook or by the reconciler, one row however often it is told of. Nothing is done with it by
    itself: a person looks at the provider's desk. What has gone back, or was let go there, is closed.
    """

    class Status(models.TextChoices):
        AUTHORIZED = "authorized", _("approved, not taken")
        SUCCEEDED = "succeeded", _("taken")
        GONE = "gone", _("gone back")

    gateway = models.CharField(_("gateway"), max_length=20)
    reference = models.CharField(_("reference"), max_length=120)
    amount = MoneyField(_("amount"))
    currency = CurrencyField(_("currency"))
    status = models.CharField(_("status"), max_length=10, choices=Status)
    seen_at = models.DateTimeField(_("first seen"), auto_now_add=True)
    closed_at = models.DateTimeField(_("seen to"), null=True, blank=True)

    class Meta:
        verbose_name = _("stray payment")
        verbose_name_plural = _("stray payments")
        ordering = ("-seen_at", "-id")
        constraints = (
            models.UniqueConstraint(fields=("reference", "gateway"), name="straymoney_once"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="straymoney_not_negative"),
            currency_is_code("straymoney_currency"),
        )
        indexes = (
            models.Index(fields=("-seen_at", "-id"), name="straymoney_newest"),
            models.Index(fields=("closed_at", "-seen_at"), name="straymoney_seen_to"),
        )

    def __str__(self) -> str:
        return self.reference

    @property
    def money(self) -> Money:
        """What came."""
        return Money(self.amount, self.currency)
