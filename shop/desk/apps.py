"""Puts the desk in the place of Django's own admin site."""

from django.contrib.admin.apps import AdminConfig


class DeskConfig(AdminConfig):
    """Stands in INSTALLED_APPS instead of django.contrib.admin."""

    default_site = "shop.desk.site.Desk"
