"""Orders on the merchant's desk: importing these registers them."""

from orders.admin import figures
from orders.admin.deliveries import DeliveryTable
from orders.admin.feed import EndpointTable
from orders.admin.invoice import InvoiceTable, SellerTable
from orders.admin.order import OrderTable

__all__ = ["DeliveryTable", "EndpointTable", "InvoiceTable", "OrderTable", "SellerTable", "figures"]
