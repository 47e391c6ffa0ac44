"""Orders on the merchant's desk: importing these registers them."""

from orders.admin import figures
from orders.admin.deliveries import DeliveryTable
from orders.admin.feed import EndpointTable
from orders.admin.invoice import InvoiceTable
from orders.admin.order import OrderTable
from orders.admin.seller import SellerTable
from orders.admin.strays import StrayTable

__all__ = [
    "DeliveryTable",
    "EndpointTable",
    "InvoiceTable",
    "OrderTable",
    "SellerTable",
    "StrayTable",
    "figures",
]
