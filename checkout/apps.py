"""The checkout app."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.utils.module_loading import import_string


class CheckoutConfig(AppConfig):
    """Wires checkout into the project."""

    name = "checkout"

    def ready(self) -> None:
        # By name, since models cannot be imported before the apps are loaded.
        user_logged_in.connect(import_string("checkout.cart.adopt"), dispatch_uid="checkout.adopt")
