"""The orders app."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_migrate
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _


class OrdersConfig(AppConfig):
    """Wires orders into the project."""

    name = "orders"
    verbose_name = _("Orders")

    def ready(self) -> None:
        # By name, since models cannot be imported before the apps are loaded.
        user_logged_in.connect(import_string("orders.claiming.claim"), dispatch_uid="orders.claim")
        import_string("accounts.confirmation.follow")("orders.claiming.claim_confirmed")
        introduce = import_string("orders.sellers.introduce")
        post_migrate.connect(introduce, sender=self, dispatch_uid="orders.introduce")
        register = import_string("shop.outbox.rounds.register")
        register("orders.ask_the_silent")
        register("orders.expire_unpaid")
        register("orders.reconcile")
        register("orders.plan_popularity")
        register("orders.tidy_feed")
        register("orders.look_at_feed", is_quick=True)
        import_string("orders.samples.show")()
