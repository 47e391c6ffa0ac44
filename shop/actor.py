"""Who did it: the account of whoever was at the desk, on the rows that must say so."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class ActorField(models.ForeignKey[Any, Any]):
    """Nobody: the shop itself, a buyer, or somebody whose account is gone. The row outlives its account."""

    def __init__(self, **options: Any) -> None:
        known: dict[str, Any] = {
            "to": settings.AUTH_USER_MODEL,
            "on_delete": models.SET_NULL,
            "null": True,
            "blank": True,
            "related_name": "+",
            "verbose_name": _("by"),
        }
        super().__init__(**known | options)

    def deconstruct(self) -> Any:
        """For migrations a foreign key like any other."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.ForeignKey", args, kwargs
