"""Orders on the merchant's desk."""

from orders.admin.order import OrderTable

__all__ = ["OrderTable"]
