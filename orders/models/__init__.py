"""What was bought."""

from orders.models.order import Order, OrderEvent, OrderLine
from orders.models.payment import Payment

__all__ = ["Order", "OrderEvent", "OrderLine", "Payment"]
