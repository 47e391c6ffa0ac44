"""Addresses of orders."""

from django.urls import path

from orders import views

app_name = "orders"
urlpatterns = [
    path("order/<token>/", views.order, name="order"),
    path("order/<token>/pay/", views.pay, name="pay"),
    path("order/<token>/<label>.pdf", views.invoice, name="invoice"),
    path("order/<token>/returned/", views.returned, name="returned"),
    path("payments/<slug:code>/", views.webhook, name="webhook"),
    path("track/", views.track, name="track"),
    path("account/orders/", views.history, name="history"),
]
