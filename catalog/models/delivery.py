"""Zone, Method and MethodRate: who brings it, how long it takes, what it costs; Promised: the cheapest."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from shop.changes.triggers import projected
from shop.money import CurrencyField, MoneyField, currency_is_code


class Zone(models.Model):
    """Countries that are served alike."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)
    countries = ArrayField(models.CharField(max_length=2), verbose_name=_("countries"))

    class Meta:
        verbose_name = _("delivery zone")
        verbose_name_plural = _("delivery zones")
        ordering = ("name",)
        indexes = (
            models.Index(fields=("name",), name="zone_name"),
            GinIndex(fields=("countries",), name="zone_countries"),
        )
        triggers = projected(shown=["countries"])

    def __str__(self) -> str:
        return self.name


class Promised(models.Model):
    """What a market says of delivery: its cheapest way, of which most edits of zones and rates are not.

    Derived, see catalog/delivery.py; each market has one, with nothing in it where nothing is delivered.
    """

    market = models.CharField(primary_key=True, max_length=8)
    amount = MoneyField(null=True)
    free_from = MoneyField(null=True)
    method_name = models.CharField(max_length=80, default="")
    carrier = models.CharField(max_length=80, default="")
    cutoff = models.TimeField(null=True)
    min_days = models.PositiveSmallIntegerField(default=0)
    max_days = models.PositiveSmallIntegerField(default=0)

    class Meta:
        triggers = projected(
            shown=["amount", "free_from", "method_name", "carrier", "cutoff", "min_days", "max_days"]
        )

    def __str__(self) -> str:
        return self.market


class Method(models.Model):
    """A way to deliver within a zone; days are working days after the order leaves."""

    zone = models.ForeignKey(Zone, models.CASCADE, related_name="methods", verbose_name=_("zone"))
    name = models.CharField(_("name"), max_length=80)
    carrier = models.CharField(_("carrier"), max_length=80, blank=True)
    min_days = models.PositiveSmallIntegerField(_("at least days"), default=2)
    max_days = models.PositiveSmallIntegerField(_("at most days"), default=4)
    cutoff = models.TimeField(_("ordered by, leaves the same day"), null=True, blank=True)
    tax_class = models.ForeignKey(
        "catalog.TaxClass", models.PROTECT, related_name="methods", verbose_name=_("tax class")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("offered"), default=True)

    class Meta:
        verbose_name = _("delivery method")
        verbose_name_plural = _("delivery methods")
        ordering = ("zone_id", "position")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(max_days__gte=models.F("min_days")), name="method_days"
            ),
        )
        indexes = (models.Index(fields=("is_active",), name="method_active"),)
        triggers = projected(
            shown=["zone", "name", "carrier", "min_days", "max_days", "cutoff", "position", "is_active"]
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.zone})"


class MethodRate(models.Model):
    """What a method costs in a currency, tax included; from `free_from` on, nothing."""

    method = models.ForeignKey(
        Method, models.CASCADE, db_index=False, related_name="rates", verbose_name=_("method")
    )
    currency = CurrencyField(_("currency"))
    amount = MoneyField(_("price"))
    free_from = MoneyField(_("free from"), null=True, blank=True)

    class Meta:
        verbose_name = _("rate")
        verbose_name_plural = _("rates")
        constraints = (
            models.UniqueConstraint(fields=("method", "currency"), name="methodrate_one_per_currency"),
            models.CheckConstraint(
                condition=models.Q(amount__gte=0) & (models.Q(free_from=None) | models.Q(free_from__gte=0)),
                name="methodrate_not_negative",
            ),
            currency_is_code("methodrate_currency"),
        )
        triggers = projected(shown=["method", "currency", "amount", "free_from"])

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"
