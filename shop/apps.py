"""The shop app: what every other app stands on."""

import sentry_sdk
from django.apps import AppConfig
from django.conf import settings


class ShopConfig(AppConfig):
    """Tells errors to Sentry where SENTRY_DSN names one."""

    name = "shop"

    def ready(self) -> None:
        if settings.SENTRY_DSN:
            sentry_sdk.init(settings.SENTRY_DSN, send_default_pii=False)
