"""Orders on the merchant's desk: importing these registers them."""

from orders.admin import figures
from orders.admin.order import OrderTable

__all__ = ["OrderTable", "figures"]
