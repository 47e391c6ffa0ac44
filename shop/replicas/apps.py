"""The replicas app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReplicasConfig(AppConfig):
    """A part of shop with a table of its own."""

    name = "shop.replicas"
    verbose_name = _("replicas")
