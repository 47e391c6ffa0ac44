"""The outbox app."""

from django.apps import AppConfig
from django.core.checks import register
from django.utils.translation import gettext_lazy as _

from shop.outbox.checks import lease


class OutboxConfig(AppConfig):
    """A part of shop with tables of its own."""

    name = "shop.outbox"
    verbose_name = _("Outbox")

    def ready(self) -> None:
        register(lease)
