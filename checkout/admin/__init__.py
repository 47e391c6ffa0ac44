"""Carts, promotions and vouchers on the merchant's desk."""

from checkout.admin import cart, promotion, use, voucher  # noqa: F401 (each registers its tables)
