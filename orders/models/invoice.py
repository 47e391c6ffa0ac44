"""Invoices and credit notes, written once: who issues them, what counts them, the files made of them."""

from typing import ClassVar

import pgtrigger
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from orders.models.order import Order
from shop.changes.triggers import Named
from shop.money import CurrencyField, Money, MoneyField, currency_is_code

_REFUSAL = "RAISE EXCEPTION '% is written once: correct an invoice by a credit note', TG_TABLE_NAME;"


def written_once() -> list[pgtrigger.Trigger]:
    """Triggers for Meta.triggers: the database lets nobody change a row, delete it or empty the table."""
    return [
        Named(
            name="written_once",
            when=pgtrigger.Before,
            operation=pgtrigger.Update | pgtrigger.Delete,
            func=_REFUSAL,
        ),
        Named(
            name="never_emptied",
            level=pgtrigger.Statement,
            when=pgtrigger.Before,
            operation=pgtrigger.Truncate,
            func=_REFUSAL,
        ),
    ]


class Seller(models.Model):
    """Who issues the invoices of a market, or of every market that has no seller of its own."""

    market = models.CharField(_("market"), max_length=8, unique=True, blank=True)  # "" is every other market
    name = models.CharField(_("legal name"), max_length=120)
    line1 = models.CharField(_("street and number"), max_length=160)
    line2 = models.CharField(_("second line of the address"), max_length=160, blank=True)
    postcode = models.CharField(_("postcode"), max_length=20, blank=True)
    city = models.CharField(_("town or city"), max_length=120)
    country = models.CharField(_("country"), max_length=2)
    vat_number = models.CharField(
        _("VAT number"),
        max_length=20,
        blank=True,
        help_text=_("With it, invoices of a seller in the European Union hold an electronic one (Factur-X)."),
    )
    tax_number = models.CharField(_("national tax number"), max_length=40, blank=True)
    register = models.CharField(
        _("register"), max_length=160, blank=True, help_text=_("Such as: Amtsgericht Berlin, HRB 12345 B")
    )
    managers = models.CharField(_("represented by"), max_length=160, blank=True)
    email = models.EmailField(_("e-mail"), max_length=254, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    website = models.CharField(_("website"), max_length=120, blank=True)
    bank = models.CharField(_("bank"), max_length=80, blank=True)
    iban = models.CharField(_("IBAN"), max_length=42, blank=True)
    bic = models.CharField(_("BIC"), max_length=11, blank=True)
    closing = models.CharField(
        _("closing words"),
        max_length=300,
        blank=True,
        help_text=_("Stand below the totals, such as a thank you."),
    )
    prefix = models.CharField(
        _("letters before its numbers"),
        max_length=6,
        unique=True,
        blank=True,
        validators=(RegexValidator(r"^[A-Z]*$", _("Write capital letters only, such as GB.")),),
        help_text=_("Its invoices are numbered by themselves: GB-2027-000001. Empty: 2027-000001."),
    )

    class Meta:
        verbose_name = _("seller")
        verbose_name_plural = _("sellers")
        ordering = ("market",)
        constraints = (
            models.CheckConstraint(condition=models.Q(prefix__regex="^[A-Z]*$"), name="seller_letters"),
        )

    def __str__(self) -> str:
        return self.name


class InvoiceSeries(models.Model):
    """A count of its own, 1, 2, 3 …: one a seller and year. Its row is locked by who takes a number."""

    code = models.CharField(_("series"), max_length=12, primary_key=True)  # "2026", "GB-2026"
    last = models.PositiveIntegerField(_("last number"))
    last_on = models.DateField(_("last issued on"))  # a later number never has an earlier date

    class Meta:
        verbose_name = _("series of invoices")
        verbose_name_plural = _("series of invoices")
        ordering = ("code",)
        triggers: ClassVar = [
            Named(
                name="counts_by_one",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "NEW.code <> OLD.code OR NEW.last <> OLD.last + 1 OR NEW.last_on < OLD.last_on"
                ),
                func="RAISE EXCEPTION 'the count of a series of invoices goes up by one';",
            ),
            Named(
                name="never_forgotten",
                when=pgtrigger.Before,
                operation=pgtrigger.Delete,
                func=_REFUSAL,
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Invoice(models.Model):
    """What was charged, or given back, as it was told then. `content` is what orders.papers.content froze."""

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("invoice")
        CREDIT_NOTE = "credit_note", _("credit note")

    series = models.ForeignKey(
        InvoiceSeries, models.PROTECT, db_index=False, related_name="invoices", verbose_name=_("series")
    )
    number = models.PositiveIntegerField(_("number"))  # 1, 2, 3 … within the series; for people: `label`
    kind = models.CharField(_("kind"), max_length=11, choices=Kind)
    order = models.ForeignKey(Order, models.PROTECT, related_name="invoices", verbose_name=_("order"))
    corrects = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="credit_notes", verbose_name=_("corrects")
    )
    content = models.JSONField(_("content"))
    total = MoneyField(_("total"))
    currency = CurrencyField(_("currency"))
    issued_on = models.DateField(_("issued on"))
    issued_at = models.DateTimeField(_("issued"))

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        ordering = ("-issued_at", "-id")
        constraints = (
            models.UniqueConstraint(fields=("series", "number"), name="invoice_number_once"),
            models.UniqueConstraint(
                fields=("order",), condition=models.Q(kind="invoice"), name="invoice_one_an_order"
            ),
            models.CheckConstraint(
                condition=models.Q(kind="invoice", corrects=None)
                | models.Q(kind="credit_note", corrects__isnull=False),
                name="invoice_corrects",
            ),
            models.CheckConstraint(condition=models.Q(number__gte=1, total__gte=0), name="invoice_positive"),
            currency_is_code("invoice_currency"),
        )
        indexes = (
            models.Index(fields=("-issued_at", "-id"), name="invoice_newest"),
            models.Index(fields=("kind", "-issued_at"), name="invoice_kind"),
        )
        triggers: ClassVar = written_once()

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """What people call it: 2026-000123."""
        return f"{self.series_id}-{self.number:06d}"

    @property
    def amount(self) -> Money:
        """Its total, with the currency."""
        return Money(self.total, self.currency)


class InvoiceFile(models.Model):
    """The PDF that was made of an invoice: where it lies, and what it must be. Made again if it is lost."""

    invoice = models.OneToOneField(
        Invoice, models.PROTECT, primary_key=True, related_name="file", verbose_name=_("invoice")
    )
    name = models.CharField(_("name in the storage"), max_length=120)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    size = models.PositiveIntegerField(_("bytes"))
    rendered_at = models.DateTimeField(_("made"), auto_now=True)

    class Meta:
        verbose_name = _("file of an invoice")
        verbose_name_plural = _("files of invoices")

    def __str__(self) -> str:
        return self.name
