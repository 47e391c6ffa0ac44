"""Addresses of cart and checkout."""

from django.urls import path

from checkout.views import address, again, cart, steps, voucher

app_name = "checkout"
urlpatterns = [
    path("cart/", cart.cart, name="cart"),
    path("cart/add/", cart.add, name="add"),
    path("cart/change/", cart.change, name="change"),
    path("cart/again/", again.again, name="again"),
    path("cart/reopen/", again.reopen, name="reopen"),
    path("cart/voucher/", voucher.voucher, name="voucher"),
    path("checkout/", steps.start, name="start"),
    path("checkout/address/", address.address, name="address"),
    path("checkout/delivery/", steps.delivery, name="delivery"),
    path("checkout/review/", steps.review, name="review"),
]
