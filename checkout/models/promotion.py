"""Promotion: a rule that lowers a cart's price; RuleSet: which version of all rules there is."""

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from shop.money import CurrencyField, MoneyField, currency_is_code


def renewed() -> list[pgtrigger.Trigger]:
    """Triggers of what rules are made of: in the same transaction the set of rules has another version."""
    return [
        pgtrigger.Trigger(
            name="renewed",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete | pgtrigger.Truncate,
            func=(
                "INSERT INTO checkout_ruleset (id, version) VALUES (1, gen_random_uuid())"
                " ON CONFLICT (id) DO UPDATE SET version = excluded.version; RETURN NULL;"
            ),
        )
    ]


class RuleSet(models.Model):
    """Its one row says which version of the rules there is now: processes keep the rules until it changes."""

    version = models.UUIDField()

    class Meta:
        verbose_name = _("set of rules")
        verbose_name_plural = _("sets of rules")

    def __str__(self) -> str:
        return str(self.version)


class Promotion(models.Model):
    """What is taken off which goods, when, and beside what else. How they stack: docs/decisions/0016."""

    class Kind(models.TextChoices):
        PERCENT = "percent", _("per cent off")
        AMOUNT = "amount", _("an amount off the cart")
        EACH = "each", _("an amount off each piece")
        BONUS = "bonus", _("buy some, get some free")
        DELIVERY = "delivery", _("free delivery")

    class Scope(models.TextChoices):
        ALL = "all", _("all goods")
        CHOSEN = "chosen", _("only those chosen below")

    class Stacking(models.TextChoices):
        TOGETHER = "together", _("together with others")
        LAST = "last", _("as the last: none after it")
        ALONE = "alone", _("alone: with no other")

    name = models.CharField(_("name"), max_length=120)
    note = models.CharField(_("note for us"), max_length=300, blank=True)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.PERCENT)
    percent = models.DecimalField(_("per cent"), max_digits=5, decimal_places=2, null=True, blank=True)
    buy = models.PositiveSmallIntegerField(_("buy"), null=True, blank=True)
    free = models.PositiveSmallIntegerField(_("and get free"), null=True, blank=True)
    needs_code = models.BooleanField(_("only with a voucher's code"), default=False)
    is_for_first_order = models.BooleanField(_("only for a customer's first order"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    starts_at = models.DateTimeField(_("from"), null=True, blank=True)
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    scope = models.CharField(_("for"), max_length=8, choices=Scope, default=Scope.ALL)
    categories: models.ManyToManyField = models.ManyToManyField(
        "catalog.Category", related_name="+", blank=True, verbose_name=_("categories")
    )
    products: models.ManyToManyField = models.ManyToManyField(
        "catalog.Product", related_name="+", blank=True, verbose_name=_("products")
    )
    without: models.ManyToManyField = models.ManyToManyField(
        "catalog.Category", related_name="+", blank=True, verbose_name=_("but not for categories")
    )
    takes_reduced = models.BooleanField(_("for reduced goods too"), default=True)
    priority = models.PositiveSmallIntegerField(_("turn"), default=10)
    stacking = models.CharField(
        _("beside other promotions"), max_length=8, choices=Stacking, default=Stacking.TOGETHER
    )
    source = models.CharField(max_length=200, blank=True, editable=False)  # what an import knows it by

    class Meta:
        verbose_name = _("promotion")
        verbose_name_plural = _("promotions")
        ordering = ("priority", "id")
        constraints = (
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(starts_at=None) | Q(ends_at__gt=F("starts_at")),
                name="promotion_ends_after_start",
            ),
            models.CheckConstraint(
                condition=~Q(kind="percent") | Q(percent__gt=0, percent__lte=100, percent__isnull=False),
                name="promotion_percent",
            ),
            models.CheckConstraint(
                condition=~Q(kind="bonus")
                | Q(buy__gte=1, free__gte=1, buy__isnull=False, free__isnull=False),
                name="promotion_bonus",
            ),
            models.UniqueConstraint(fields=("source",), condition=~Q(source=""), name="promotion_source"),
        )
        indexes = (
            models.Index(fields=("priority", "id"), name="promotion_turn"),
            models.Index(fields=("name",), name="promotion_name"),
            models.Index(fields=("is_active", "needs_code"), name="promotion_active"),
            models.Index(fields=("needs_code",), name="promotion_by_code"),
            models.Index(fields=("kind",), name="promotion_kind"),
        )
        triggers = renewed()

    def __str__(self) -> str:
        return self.name


class PromotionAmount(models.Model):
    """What it comes to in a currency, and from how much on. With any of them, no other currency has it."""

    promotion = models.ForeignKey(
        Promotion, models.CASCADE, db_index=False, related_name="amounts", verbose_name=_("promotion")
    )
    currency = CurrencyField(_("currency"))
    amount = MoneyField(_("amount off"), null=True, blank=True)
    minimum = MoneyField(_("from goods worth"), default=0)

    class Meta:
        verbose_name = _("amount")
        verbose_name_plural = _("amounts and minimum")
        ordering = ("promotion_id", "currency")
        constraints = (
            models.UniqueConstraint(fields=("promotion", "currency"), name="promotionamount_once"),
            models.CheckConstraint(
                condition=Q(minimum__gte=0) & (Q(amount=None) | Q(amount__gt=0)),
                name="promotionamount_not_negative",
            ),
            currency_is_code("promotionamount_currency"),
        )
        triggers = renewed()

    def __str__(self) -> str:
        return self.currency


# Tables that Django makes; the classes carry their triggers.
class PromotionCategory(Promotion.categories.through):  # type: ignore[name-defined]
    class Meta:
        proxy = True
        triggers = renewed()


class PromotionProduct(Promotion.products.through):  # type: ignore[name-defined]
    class Meta:
        proxy = True
        triggers = renewed()


class PromotionWithout(Promotion.without.through):  # type: ignore[name-defined]
    class Meta:
        proxy = True
        triggers = renewed()
