"""TaxClass and TaxRate: one rate per class and country, and per region where that has its own."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from shop.changes.triggers import projected


class TaxClass(models.Model):
    """Goods that are taxed alike: standard, reduced (books)."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)

    class Meta:
        verbose_name = _("tax class")
        verbose_name_plural = _("tax classes")
        ordering = ("name",)
        indexes = (models.Index(fields=("name",), name="taxclass_name"),)

    def __str__(self) -> str:
        return self.name


class TaxRate(models.Model):
    """The rate of a class in a country, as a fraction: 0.19 is 19 %.

    A region's own rate takes the place of the country's: all that is due there, 8.875 % in New York.
    """

    tax_class = models.ForeignKey(
        TaxClass, models.CASCADE, db_index=False, related_name="rates", verbose_name=_("tax class")
    )
    country = models.CharField(_("country"), max_length=2, help_text=_("ISO code, such as DE"))
    region = models.CharField(
        _("region"),
        max_length=40,
        blank=True,
        default="",
        db_default="",
        help_text=_(
            "Empty for the whole country; else its code, such as NY. It stands instead of the country's."
        ),
    )
    rate = models.DecimalField(
        _("rate"),
        max_digits=6,
        decimal_places=5,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(1))],
        help_text=_("0.19 is 19 %"),
    )

    class Meta:
        verbose_name = _("tax rate")
        verbose_name_plural = _("tax rates")
        ordering = ("tax_class_id", "country", "region")
        constraints = (
            models.UniqueConstraint(fields=("tax_class", "country", "region"), name="taxrate_one_per_place"),
            models.CheckConstraint(condition=models.Q(rate__gte=0, rate__lt=1), name="taxrate_fraction"),
            models.CheckConstraint(condition=models.Q(country__regex="^[A-Z]{2}$"), name="taxrate_country"),
        )
        indexes = (models.Index(fields=("country", "region"), name="taxrate_place"),)
        triggers = projected(shown=["rate", "country", "region"], listed=["tax_class", "country", "region"])

    def __str__(self) -> str:
        place = f"{self.country}-{self.region}" if self.region else self.country
        return f"{self.tax_class} {place} {self.rate:%}"
