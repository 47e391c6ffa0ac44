"""Promotion: a rule that lowers a cart's price; Voucher: a code for one; PromotionUse: an order had it."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from checkout import codes
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
    """What is taken off which goods, when, and beside what else. How they stack: docs/decisions/0015."""

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


class Voucher(models.Model):
    """A code that gives a promotion, so often, and so often to one customer.

    `used` is counted only while there is a limit: a code that everybody may use is a row nobody waits for.
    """

    promotion = models.ForeignKey(
        Promotion, models.CASCADE, related_name="vouchers", verbose_name=_("promotion")
    )
    code = models.CharField(_("code"), max_length=codes.MOST)
    folded = models.CharField(max_length=codes.MOST, unique=True, editable=False)  # see checkout/codes.py
    batch = models.CharField(_("batch"), max_length=80, blank=True)
    limit = models.PositiveIntegerField(_("uses at most"), null=True, blank=True)
    limit_each = models.PositiveSmallIntegerField(_("uses by one customer"), null=True, blank=True)
    used = models.PositiveIntegerField(_("used"), default=0, editable=False)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("made"), auto_now_add=True)

    class Meta:
        verbose_name = _("voucher")
        verbose_name_plural = _("vouchers")
        ordering = ("-id",)
        permissions = (("export_voucher", _("Can export vouchers")),)
        constraints = (models.CheckConstraint(condition=~Q(folded=""), name="voucher_has_code"),)
        indexes = (
            models.Index(fields=("is_active",), name="voucher_active"),
            models.Index(fields=("batch",), condition=~Q(batch=""), name="voucher_batch"),
            models.Index(fields=("code",), name="voucher_code"),
        )
        triggers = [
            # A limit that comes later counts what was used before it.
            pgtrigger.Trigger(
                name="counted",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("limit"),
                condition=pgtrigger.Q(old__limit__isnull=True, new__limit__isnull=False),
                func=(
                    "NEW.used = (SELECT count(*) FROM checkout_promotionuse u"
                    " WHERE u.voucher_id = NEW.id AND u.given_back_at IS NULL); RETURN NEW;"
                ),
            )
        ]

    def __str__(self) -> str:
        return self.code

    def save(self, *args: object, **kwargs: object) -> None:
        """What it is found by follows from the code."""
        self.folded = codes.folded(self.code)
        fields = kwargs.get("update_fields")
        if fields is not None and "code" in fields:  # type: ignore[operator]
            kwargs["update_fields"] = [*fields, "folded"]  # type: ignore[misc]
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    def clean(self) -> None:
        """No code that looks like another."""
        known_by = codes.folded(self.code)
        if len(known_by) < 3:
            raise ValidationError({"code": _("Write three letters or digits at least.")})
        twin = Voucher.objects.filter(folded=known_by).exclude(pk=self.pk).first()
        if twin is not None:
            text = _("There is “%s” already, and people could not tell them apart: choose another code.")
            raise ValidationError({"code": text % twin.code})


class VoucherCustomer(models.Model):
    """How often one customer has used a voucher. `key` is the hash of an account or of a folded address.

    The database knows of no foreign key: each order would take a lock on the voucher's row for it.
    """

    voucher = models.ForeignKey(
        Voucher, models.CASCADE, db_index=False, db_constraint=False, related_name="+"
    )
    key = models.CharField(max_length=64)
    used = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("customer of a voucher")
        verbose_name_plural = _("customers of vouchers")
        constraints = (models.UniqueConstraint(fields=("voucher", "key"), name="vouchercustomer_once"),)

    def __str__(self) -> str:
        return self.key[:8]


class PromotionUse(models.Model):
    """An order had this promotion, perhaps by this voucher; given back when the order was called off.

    No constraints of the database on the two: each order would lock the row of a promotion that all have.
    """

    promotion = models.ForeignKey(
        Promotion,
        models.SET_NULL,
        null=True,
        db_index=False,
        db_constraint=False,
        related_name="uses",
        verbose_name=_("promotion"),
    )
    voucher = models.ForeignKey(
        Voucher,
        models.SET_NULL,
        null=True,
        db_index=False,
        db_constraint=False,
        related_name="uses",
        verbose_name=_("voucher"),
    )
    placement_key = models.CharField(max_length=80)  # what `orders` knows the order by
    name = models.CharField(_("name"), max_length=120)
    code = models.CharField(_("code"), max_length=codes.MOST, blank=True)
    keys = ArrayField(models.CharField(max_length=64), default=list)  # of the customer, see VoucherCustomer
    currency = CurrencyField(_("currency"))
    amount = MoneyField(_("taken off"))
    total = MoneyField(_("the order's total"))
    used_at = models.DateTimeField(_("used"), auto_now_add=True)
    given_back_at = models.DateTimeField(_("given back"), null=True, blank=True)

    class Meta:
        verbose_name = _("use")
        verbose_name_plural = _("uses")
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(fields=("placement_key", "promotion"), name="promotionuse_once"),
            currency_is_code("promotionuse_currency"),
        )
        indexes = (
            models.Index(fields=("promotion", "given_back_at"), name="promotionuse_promotion"),
            models.Index(fields=("voucher", "given_back_at"), name="promotionuse_voucher"),
        )

    def __str__(self) -> str:
        return self.code or self.name
