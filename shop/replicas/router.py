"""ReplicaRouter: reads go where shop.replicas says, all else to the primary."""

from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model

from shop.replicas.reads import alias

SESSIONS = "sessions"


class ReplicaRouter:
    """For DATABASE_ROUTERS. A session and its user are the visitor's own writes: never read on a replica."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str:
        """The replica of the stretch that we are in, if it is one."""
        is_own = model._meta.app_label == SESSIONS or model._meta.label == settings.AUTH_USER_MODEL
        return DEFAULT_DB_ALIAS if is_own else alias()

    def db_for_write(self, model: type[Model], **hints: Any) -> str:
        """The primary."""
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one: Model, other: Model, **hints: Any) -> bool:
        """Wherever they were read: they are rows of one database."""
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        """A replica has its tables from the primary."""
        return db == DEFAULT_DB_ALIAS
