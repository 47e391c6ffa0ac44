"""Cart and CartLine: what somebody is about to buy."""

import re

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import PostalFields


class Cart(PostalFields):
    """Kept in PostgreSQL; the browser holds an unguessable token, the row its SHA-256.

    The first line fixes the market. A round ends with an order; editing after that begins the next one.
    """

    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    market = models.CharField(_("market"), max_length=8)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="carts",
        verbose_name=_("customer"),
    )
    email = models.EmailField(_("e-mail"), max_length=254, blank=True)
    vat_number = models.CharField(_("VAT number"), max_length=20, blank=True)
    method = models.ForeignKey(
        "catalog.Method",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("delivery method"),
    )
    voucher_code = models.CharField(_("voucher"), max_length=40, blank=True, default="", db_default="")
    round = models.PositiveIntegerField(default=1)
    closed_at = models.DateTimeField(_("ordered"), null=True, blank=True)
    created_at = models.DateTimeField(_("begun"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("cart")
        verbose_name_plural = _("carts")
        ordering = ("-updated_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("user",), condition=models.Q(closed_at=None), name="cart_one_open_per_user"
            ),
        )
        indexes = (
            models.Index(fields=("-updated_at",), name="cart_updated"),
            models.Index(fields=("market", "-updated_at"), name="cart_market"),
            models.Index(fields=("closed_at",), name="cart_closed"),
            models.Index(fields=("email",), condition=~models.Q(email=""), name="cart_email"),
        )

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def addressee(self) -> list[str]:
        """Who gets it, where, and who accounts for the tax: what a buyer agrees to beside goods and sums."""
        address = (getattr(self, part.name) for part in PostalFields._meta.fields)
        return [self.email, *address, self.vat_number]

    @property
    def placement_key(self) -> str:
        """What `orders` knows this round by."""
        return f"cart-{self.pk}-{self.round}"

    @staticmethod
    def of_placement(key: str) -> int | None:
        """The id of the cart that an order was placed from; None if it was none."""
        found = re.fullmatch(r"cart-(\d+)-\d+", key, re.ASCII)
        return int(found[1]) if found else None


class CartLine(models.Model):
    """One variant, once per cart."""

    cart = models.ForeignKey(
        Cart, models.CASCADE, db_index=False, related_name="lines", verbose_name=_("cart")
    )
    variant = models.ForeignKey(
        "catalog.Variant", models.CASCADE, related_name="+", verbose_name=_("variant")
    )
    quantity = models.PositiveIntegerField(_("quantity"))
    added_at = models.DateTimeField(_("added"), auto_now_add=True)

    class Meta:
        verbose_name = _("line")
        verbose_name_plural = _("lines")
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("cart", "variant"), name="cartline_once"),
            models.CheckConstraint(
                condition=models.Q(quantity__gte=1, quantity__lte=999), name="cartline_quantity"
            ),
        )

    def __str__(self) -> str:
        return f"{self.quantity} × {self.variant}"
