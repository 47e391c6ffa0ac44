"""Order, its lines and its events: names, prices, tax and address are copied, never joined."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models import PostalFields
from shop.actor import ActorField
from shop.money import CurrencyField, Money, MoneyField, currency_is_code

FIRST_NUMBER = 10_000


class Mailbox(models.Func):
    """An address as the mailbox that it names: no case, nothing from a plus on, at Google no dots.

    As checkout.offers.mailbox folds it; in the database, since an index must find who has ordered before.
    """

    arity = 1
    output_field = models.TextField()
    template = (
        r"regexp_replace(regexp_replace(regexp_replace(lower(btrim(%(expressions)s)),"
        r" '^([^+@]+)\+[^@]*@', '\1@'), '\.(?=[^@]*@(gmail|googlemail)\.com$)', '', 'g'),"
        r" '@googlemail\.com$', '@gmail.com')"
    )


class Order(PostalFields):
    """What a customer bought, at the prices of that moment.

    `prices_include_tax`: so do subtotal, discount, delivery and the lines. Else `tax` comes on top of them.
    """

    class Status(models.TextChoices):
        PLACED = "placed", _("waiting for payment")
        AUTHORIZED = "authorized", _("payment approved")
        PAID = "paid", _("paid")
        PART_SHIPPED = "part_shipped", _("partly on its way")
        SHIPPED = "shipped", _("on its way")
        DELIVERED = "delivered", _("delivered")
        EXPIRED = "expired", _("not paid in time")
        CANCELLED = "cancelled", _("cancelled")

    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.PLACED)
    placement_key = models.CharField(max_length=80)  # cart and round: one order, however often sent
    market = models.CharField(_("market"), max_length=8)
    language = models.CharField(_("language"), max_length=10)
    currency = CurrencyField(_("currency"))
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        related_name="orders",
        verbose_name=_("customer"),
    )
    email = models.EmailField(_("e-mail"), max_length=254)
    vat_number = models.CharField(_("VAT number"), max_length=20, blank=True)
    prices_include_tax = models.BooleanField(_("prices include tax"), default=True)
    is_reverse_charged = models.BooleanField(_("reverse charge"), default=False)
    subtotal = MoneyField(_("goods"))
    discount = MoneyField(_("discount"), default=0)
    discounts = models.JSONField(_("discounts"), default=list)  # [{"name": "…", "code": "…", "amount": "…"}]
    delivery = MoneyField(_("delivery"))
    tax = MoneyField(_("tax"))
    total = MoneyField(_("total"))
    taxes = models.JSONField(_("tax by rate"), default=list)  # [{"rate": "0.1900", "net": "…", "tax": "…"}]
    delivery_name = models.CharField(_("delivery method"), max_length=80)
    delivery_carrier = models.CharField(_("carrier"), max_length=80, blank=True)
    delivery_tax_rate = models.DecimalField(_("tax rate of delivery"), max_digits=6, decimal_places=5)
    promised_from = models.DateField(_("promised from"), null=True, blank=True)
    promised_until = models.DateField(_("promised until"), null=True, blank=True)
    note = models.TextField(_("note by the staff"), blank=True)
    # How often its links were made anew: those of before open nothing any more.
    links_renewed = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    placed_at = models.DateTimeField(_("placed"), auto_now_add=True)
    reserved_until = models.DateTimeField(_("stock held until"), null=True, blank=True)  # until it is paid
    paid_at = models.DateTimeField(_("paid"), null=True, blank=True)
    shipped_at = models.DateTimeField(_("shipped"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ("-placed_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=Q(subtotal__gte=0, delivery__gte=0, discount__gte=0, total__gte=0),
                name="order_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(
                    prices_include_tax=True,
                    total=models.F("subtotal") - models.F("discount") + models.F("delivery"),
                )
                | Q(
                    prices_include_tax=False,
                    total=models.F("subtotal")
                    - models.F("discount")
                    + models.F("delivery")
                    + models.F("tax"),
                ),
                name="order_adds_up",
            ),
            models.CheckConstraint(condition=Q(discount__lte=models.F("subtotal")), name="order_discount"),
            models.CheckConstraint(
                condition=Q(is_reverse_charged=False)
                | Q(prices_include_tax=False, tax=0) & ~Q(vat_number=""),
                name="order_reverse_charge",
            ),
            currency_is_code("order_currency"),
            # Not unique=True: that has a second index, for LIKE, which each order would write.
            models.UniqueConstraint(fields=("placement_key",), name="orders_order_placement_key_key"),
        )
        indexes = (
            models.Index(fields=("-placed_at", "-id"), name="order_newest"),
            models.Index(fields=("status", "-placed_at"), name="order_status"),
            models.Index(fields=("customer", "-placed_at"), name="order_of_customer"),
            models.Index(fields=("email",), name="order_email"),
            # Guests' orders by address, whatever its case: whoever confirms it gets them.
            models.Index(Lower("email"), condition=Q(customer=None), name="order_unclaimed"),
            models.Index(Mailbox("email"), name="order_mailbox"),
            models.Index(fields=("market", "-placed_at"), name="order_market"),
            models.Index(fields=("name",), name="order_name"),
            models.Index(
                fields=("reserved_until",), condition=Q(status="placed"), name="order_reservation_over"
            ),
        )
        permissions = (
            ("ship_order", _("Can ship orders")),
            ("cancel_order", _("Can cancel orders")),
            ("refund_order", _("Can take goods back and send money back")),
            ("charge_order", _("Can take approved money and decide about money held back")),
            ("export_order", _("Can export orders")),
        )

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """What people call it: D10042."""
        return f"D{FIRST_NUMBER + self.pk}"

    def money(self, field: str) -> Money:
        """One of its amounts, with its currency."""
        return Money(getattr(self, field), self.currency)


class OrderLine(models.Model):
    """One thing bought. `variant_id` says which stock it took.

    Nothing else is read through it, but a picture that was not made yet when the order was placed.
    """

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines", verbose_name=_("order"))
    variant_id = models.BigIntegerField(_("variant"), db_index=True)
    name = models.CharField(_("name"), max_length=200)
    options = models.CharField(_("options"), max_length=300, blank=True)  # "30 × 40 cm, oak"
    sku = models.CharField(_("SKU"), max_length=64, blank=True)
    slug = models.CharField(_("slug"), max_length=220, blank=True)
    picture = models.JSONField(_("picture"), default=dict)
    quantity = models.PositiveIntegerField(_("quantity"))
    unit_price = MoneyField(_("price each"))
    tax_rate = models.DecimalField(_("tax rate"), max_digits=6, decimal_places=5)
    total = MoneyField(_("total"))  # without the discount
    discount = MoneyField(_("discount"), default=0)  # its share of the order's

    class Meta:
        verbose_name = _("line")
        verbose_name_plural = _("lines")
        ordering = ("order_id", "id")
        constraints = (
            models.CheckConstraint(condition=Q(quantity__gte=1, quantity__lte=999), name="line_quantity"),
            models.CheckConstraint(
                condition=Q(total=models.F("unit_price") * models.F("quantity")), name="line_adds_up"
            ),
            models.CheckConstraint(
                condition=Q(discount__gte=0, discount__lte=models.F("total")), name="line_discount"
            ),
        )

    def __str__(self) -> str:
        return f"{self.quantity} × {self.name}"


class OrderEvent(models.Model):
    """Something that happened to an order; never edited."""

    REFUNDED = "refunded"  # a person says so: no gateway is asked yet

    order = models.ForeignKey(Order, models.CASCADE, related_name="events", verbose_name=_("order"))
    kind = models.CharField(_("kind"), max_length=40)  # "placed", "paid", "payment_declined", "mail_sent" …
    note = models.CharField(_("note"), max_length=300, blank=True)
    actor = ActorField()
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("timeline")
        ordering = ("order_id", "id")

    def __str__(self) -> str:
        return self.kind
