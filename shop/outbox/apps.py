"""The outbox app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OutboxConfig(AppConfig):
    """A part of shop with tables of its own."""

    name = "shop.outbox"
    verbose_name = _("Outbox")
