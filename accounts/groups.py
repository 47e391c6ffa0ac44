"""Merchant and Support: what each group may do, put in place after every migration.

What stands here is granted again each time; whoever wants it otherwise makes a group of their own.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission

# "app": {"model": actions}; "*" is every model of the app. Names only: this app imports none of them.
GRANTS: Mapping[str, Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "Merchant": {
        "catalog": {
            "*": ("view", "add", "change", "delete"),
            "stock": ("view", "change"),
            "stockmovement": ("view",),
            "querycount": ("view",),
            "countedbatch": (),
            "taught": (),
        },
        "orders": {
            "*": ("view",),
            "order": ("view", "change", "ship", "cancel", "refund", "charge", "export"),
            "seller": ("view", "add", "change", "delete"),
            "feedendpoint": ("view", "add", "change", "delete"),
            "feeddelivery": ("view", "change"),
        },
        "checkout": {
            "*": ("view",),
            "promotion": ("view", "add", "change", "delete"),
            "promotionamount": ("view", "add", "change", "delete"),
            "voucher": ("view", "add", "change", "delete", "export"),
        },
        "accounts": {"user": ("view",), "address": ("view",)},
        "outbox": {"message": ("view", "change")},
    },
    "Support": {
        "catalog": {"*": ("view",)},
        "orders": {"*": ("view",), "order": ("view", "change")},
        "checkout": {"*": ("view",)},
        "accounts": {"user": ("view",), "address": ("view",)},
    },
}


def grant(sender: AppConfig, using: str = "default", **kwargs: Any) -> None:
    """post_migrate: gives both groups their permissions on the models of one app."""
    if not any(sender.label in by_app for by_app in GRANTS.values()):
        return
    # Django makes them in a later receiver of this signal; making them twice changes nothing.
    create_permissions(sender, verbosity=0, using=using, apps=apps)
    held = Permission.objects.using(using).filter(content_type__app_label=sender.label)
    by_codename = {permission.codename: permission for permission in held}
    for name, by_app in GRANTS.items():
        group, _created = Group.objects.using(using).get_or_create(name=name)
        wanted = _codenames(sender, by_app.get(sender.label, {}))
        group.permissions.add(*(by_codename[codename] for codename in wanted if codename in by_codename))


def _codenames(app: AppConfig, by_model: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    for model in app.get_models():
        name = model._meta.model_name or ""
        for action in by_model.get(name, by_model.get("*", ())):
            yield f"{action}_{name}"
