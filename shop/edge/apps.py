"""The edge app: tables of its own, and its part in following changes."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EdgeConfig(AppConfig):
    """Has the projector let pages go."""

    name = "shop.edge"
    verbose_name = _("Edge")

    def ready(self) -> None:
        from shop.changes import rules  # noqa: PLC0415
        from shop.edge import freshness  # noqa: PLC0415
        from shop.outbox import rounds  # noqa: PLC0415

        rounds.register("edge.look_at_the_canary")
        rounds.register("edge.forget_receipts")
        rules.purger(freshness.let_go, freshness.again)
