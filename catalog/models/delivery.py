"""Zone, Method and MethodRate: who brings it, how long it takes, what it costs; Promised: the cheapest."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from shop.changes.triggers import projected
from shop.money import CurrencyField, MoneyField, currency_is_code


class Zone(models.Model):
    """Places that are served alike: whole countries, and regions that are served otherwise than theirs.

    A region that a zone names is served by that zone alone: so islands are taken out of their country.
    """

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)
    countries = ArrayField(models.CharField(max_length=2), verbose_name=_("countries"), blank=True)
    regions = ArrayField(  # "ES-TF": country and region
        models.CharField(max_length=43),
        verbose_name=_("regions"),
        default=list,
        db_default=[],
        blank=True,
    )

    class Meta:
        verbose_name = _("delivery zone")
        verbose_name_plural = _("delivery zones")
        ordering = ("name",)
        indexes = (
            models.Index(fields=("name",), name="zone_name"),
            GinIndex(fields=("countries",), name="zone_countries"),
            GinIndex(fields=("regions",), name="zone_regions"),
        )
        triggers = projected(shown=["countries", "regions"])

    def __str__(self) -> str:
        return self.name


class Promised(models.Model):
    """What a market says of delivery: its cheapest way, of which most edits of zones and rates are not.

    Derived, see catalog/delivery.py; each market has one, with nothing in it where nothing is delivered.
    """

    market = models.CharField(primary_key=True, max_length=8)
    amount = MoneyField(null=True)
    free_from = MoneyField(null=True)
    is_free_everywhere = models.BooleanField(default=False, db_default=False)  # free_from: not at home only
    is_from = models.BooleanField(default=False, db_default=False)  # heavier parcels cost more
    method_name = models.CharField(max_length=80, default="")
    carrier = models.CharField(max_length=80, default="")
    cutoff = models.TimeField(null=True)
    min_days = models.PositiveSmallIntegerField(default=0)
    max_days = models.PositiveSmallIntegerField(default=0)

    class Meta:
        triggers = projected(
            shown=[
                "amount",
                "free_from",
                "is_free_everywhere",
                "is_from",
                "method_name",
                "carrier",
                "cutoff",
                "min_days",
                "max_days",
            ]
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
            shown=[
                "zone",
                "name",
                "carrier",
                "min_days",
                "max_days",
                "cutoff",
                "tax_class",
                "position",
                "is_active",
            ]
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.zone})"


class MethodRate(models.Model):
    """What a method costs in a currency, tax included; from `free_from` on, nothing.

    A method may have several: of those that bear a parcel's weight and whose `goods_from` it reaches, the one
    of the lightest class counts, and of these the one of the dearest goods. Without any, it does not go.
    """

    method = models.ForeignKey(
        Method, models.CASCADE, db_index=False, related_name="rates", verbose_name=_("method")
    )
    currency = CurrencyField(_("currency"))
    up_to_grams = models.PositiveIntegerField(
        _("up to grams"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Empty: whatever it weighs."),
    )
    goods_from = MoneyField(
        _("for goods from"), default=0, db_default=0, help_text=_("0: whatever is bought.")
    )
    amount = MoneyField(_("price"))
    free_from = MoneyField(_("free from"), null=True, blank=True)

    class Meta:
        verbose_name = _("rate")
        verbose_name_plural = _("rates")
        ordering = ("method_id", "currency", "up_to_grams", "goods_from")
        constraints = (
            models.UniqueConstraint(
                fields=("method", "currency", "up_to_grams", "goods_from"),
                nulls_distinct=False,
                name="methodrate_one_per_class",
                violation_error_message=_("There is a rate for that currency, weight and value already."),
            ),
            models.CheckConstraint(
                condition=models.Q(amount__gte=0, goods_from__gte=0)
                & (models.Q(free_from=None) | models.Q(free_from__gte=0)),
                name="methodrate_not_negative",
            ),
            models.CheckConstraint(
                condition=models.Q(up_to_grams=None) | models.Q(up_to_grams__gte=1), name="methodrate_weight"
            ),
            currency_is_code("methodrate_currency"),
        )
        triggers = projected(shown=["method", "currency", "up_to_grams", "goods_from", "amount", "free_from"])

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"
