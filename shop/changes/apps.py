"""The changes app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChangesConfig(AppConfig):
    """A part of shop with tables of its own."""

    name = "shop.changes"
    verbose_name = _("what changed")
