"""Puts the desk in the place of Django's own admin site."""

from django.contrib.admin.apps import AdminConfig


class DeskConfig(AdminConfig):
    """Stands in INSTALLED_APPS instead of django.contrib.admin."""

    default_site = "shop.desk.site.Desk"

    def ready(self) -> None:
        """After the apps' own: the machinery of the project that has no app on the desk."""
        super().ready()
        from shop.desk import backlog, edge, queues  # noqa: F401, PLC0415
