"""What somebody is about to buy, and what makes it cost less."""

from checkout.models.cart import Cart, CartLine
from checkout.models.promotion import (
    Promotion,
    PromotionAmount,
    PromotionCategory,
    PromotionProduct,
    PromotionWithout,
    RuleSet,
)
from checkout.models.voucher import PromotionUse, Voucher, VoucherCustomer

__all__ = [
    "Cart",
    "CartLine",
    "Promotion",
    "PromotionAmount",
    "PromotionCategory",
    "PromotionProduct",
    "PromotionUse",
    "PromotionWithout",
    "RuleSet",
    "Voucher",
    "VoucherCustomer",
]
