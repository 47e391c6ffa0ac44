"""What was bought."""

from orders.models.mail import MailClaim
from orders.models.order import Order, OrderEvent, OrderLine
from orders.models.payment import Payment, Refund
from orders.models.popularity import Popularity

__all__ = ["MailClaim", "Order", "OrderEvent", "OrderLine", "Payment", "Popularity", "Refund"]
