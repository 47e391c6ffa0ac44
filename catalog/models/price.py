"""Price: what a variant costs in a currency now; Sale: when it costs less."""

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _

from shop.changes.triggers import projected
from shop.money import CurrencyField, Money, MoneyField, currency_is_code


class Price(models.Model):
    """One per variant and currency. `sale_amount` is switched by a due job when a Sale begins or ends."""

    variant = models.ForeignKey(
        "catalog.Variant", models.CASCADE, db_index=False, related_name="prices", verbose_name=_("variant")
    )
    currency = CurrencyField(_("currency"))
    amount = MoneyField(_("price"))
    sale_amount = MoneyField(_("sale price now"), null=True, blank=True, editable=False)
    includes_tax = models.BooleanField(_("includes tax"), default=True)

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        ordering = ("variant_id", "currency")
        constraints = (
            models.UniqueConstraint(fields=("variant", "currency"), name="price_one_per_currency"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="price_not_negative"),
            models.CheckConstraint(
                condition=Q(sale_amount=None) | Q(sale_amount__gte=0, sale_amount__lt=F("amount")),
                name="price_sale_below",
            ),
            currency_is_code("price_currency"),
        )
        indexes = (
            models.Index(fields=("currency", "amount"), name="price_amount"),
            models.Index(fields=("includes_tax",), name="price_tax"),
            models.Index(
                fields=("sale_amount",), condition=Q(sale_amount__isnull=False), name="price_reduced"
            ),
        )
        triggers = [
            *projected(
                shown=["variant", "currency", "amount", "sale_amount", "includes_tax"],
                listed=["variant", "currency"],
            ),
            # A price that falls to its sale's ends it; the constraint would refuse the merchant's change.
            pgtrigger.Trigger(
                name="sale_below",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                condition=pgtrigger.Q(new__sale_amount__gte=pgtrigger.F("new__amount")),
                func="NEW.sale_amount = NULL; RETURN NEW;",
            ),
        ]

    def __str__(self) -> str:
        return str(Money(self.amount, self.currency))


class Sale(models.Model):
    """A lower price for a time; two sales of one price never overlap."""

    price = models.ForeignKey(Price, models.CASCADE, related_name="sales", verbose_name=_("price"))
    amount = MoneyField(_("sale price"))
    starts_at = models.DateTimeField(_("from"), db_index=True)
    ends_at = models.DateTimeField(_("until"), null=True, blank=True, db_index=True)
    is_imported = models.BooleanField(
        default=False, db_default=False, editable=False
    )  # an import's to change

    class Meta:
        verbose_name = _("sale")
        verbose_name_plural = _("sales")
        ordering = ("price_id", "starts_at")
        constraints = (
            models.CheckConstraint(condition=Q(amount__gte=0), name="sale_not_negative"),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gt=F("starts_at")), name="sale_ends_after_start"
            ),
            # A range of one number stands for "the same price": GiST has ranges without btree_gist.
            ExclusionConstraint(
                name="sale_no_overlap",
                violation_error_message=_("Another sale of this price runs in that time."),
                expressions=[
                    (
                        Func("price", "price", Value("[]"), function="int8range"),
                        RangeOperators.OVERLAPS,
                    ),
                    (Func("starts_at", "ends_at", function="tstzrange"), RangeOperators.OVERLAPS),
                ],
            ),
        )
        triggers = projected(shown=["price", "amount", "starts_at", "ends_at"], listed=["price"])

    def __str__(self) -> str:
        return str(Money(self.amount, self.price.currency))
