"""The accounts app."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models.signals import post_migrate
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """Wires accounts into the project."""

    name = "accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        # By name, since models cannot be imported before the apps are loaded.
        post_migrate.connect(import_string("accounts.groups.grant"), dispatch_uid="accounts.grant")
        user_logged_in.connect(import_string("accounts.logins.begin"), dispatch_uid="accounts.begin")
        user_logged_out.connect(import_string("accounts.logins.end"), dispatch_uid="accounts.end")
        import_string("accounts.samples.show")()
