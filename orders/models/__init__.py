"""What was bought."""

from orders.models.feed import FeedDelivery, FeedEndpoint
from orders.models.invoice import Invoice, InvoiceFile, InvoiceSeries, Seller
from orders.models.mail import MailClaim
from orders.models.order import Order, OrderEvent, OrderLine
from orders.models.payment import Payment, Refund
from orders.models.popularity import Popularity
from orders.models.returned import Return, ReturnLine
from orders.models.shipment import GivenUp, Shipment, ShipmentLine
from orders.models.stray import StrayMoney

__all__ = [
    "FeedDelivery",
    "FeedEndpoint",
    "GivenUp",
    "Invoice",
    "InvoiceFile",
    "InvoiceSeries",
    "MailClaim",
    "Order",
    "OrderEvent",
    "OrderLine",
    "Payment",
    "Popularity",
    "Refund",
    "Return",
    "ReturnLine",
    "Seller",
    "Shipment",
    "ShipmentLine",
    "StrayMoney",
]
