"""Voucher: a code for a promotion; VoucherCustomer: how often one had it; PromotionUse: an order had it."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from checkout import codes
from checkout.models.promotion import Promotion
from shop.money import CurrencyField, MoneyField, currency_is_code


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
    limit = models.PositiveIntegerField(
        _("uses at most"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    limit_each = models.PositiveSmallIntegerField(
        _("uses by one customer"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
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
            # A limit that comes later counts what was used before it, and waits for the orders that are being
            # placed with codes (checkout/vouchers.py): before it has a row, so that nobody waits in a circle,
            # and the count sees what they have committed by then.
            pgtrigger.Trigger(
                name="waits",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("limit"),
                func="PERFORM pg_advisory_xact_lock(4::bigint << 48); RETURN NULL;",
            ),
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
            ),
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
