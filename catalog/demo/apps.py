"""The demo app: installed where its wheels are, so that a production neither has them nor misses them."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DemoConfig(AppConfig):
    """Brings the command load_demo and the jobs that draw."""

    name = "catalog.demo"
    label = "demo"
    verbose_name = _("Demo")
