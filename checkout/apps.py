"""The checkout app."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _


class CheckoutConfig(AppConfig):
    """Wires checkout into the project."""

    name = "checkout"
    verbose_name = _("Checkout")

    def ready(self) -> None:
        # By name, since models cannot be imported before the apps are loaded.
        user_logged_in.connect(import_string("checkout.joining.adopt"), dispatch_uid="checkout.adopt")
        user_logged_out.connect(import_string("checkout.joining.leave"), dispatch_uid="checkout.leave")
        import_string("orders.states.on_release")("checkout.settle_vouchers")
        import_string("accounts.addresses.serve")("checkout.queries.destinations")
        import_string("shop.outbox.rounds.register")("checkout.plan_forgetting")
