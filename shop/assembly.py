"""What the shop is put together from: apps, middleware and template engines, in their order."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

INSTALLED_APPS = [
    "shop",
    "shop.changes",
    "shop.outbox",
    "shop.replicas",
    "shop.edge",
    "accounts",
    "catalog",
    # The goods of `make demo`, where the wheels that draw them are installed.
    *(["catalog.demo"] if find_spec("resvg_py") else []),
    "orders",
    "checkout",
    "pgtrigger",
    "treebeard",
    "django_rq",
    "shop.desk.apps.DeskConfig",  # django.contrib.admin, arranged
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "shop.edge.origin.BehindEdge",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "shop.markets.MarketMiddleware",
    "shop.edge.store.PageStore",
    "shop.edge.visitor.StorableCookies",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "checkout.cookies.CartCookies",
    "shop.csrf.BrowserVouches",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.logins.KnownLogins",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "shop.edge.visitor.VisitorGuard",
]
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [Path(__file__).resolve().parent.parent / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "environment": "shop.jinja.environment",
            "context_processors": ["catalog.context.chrome"],
        },
    },
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,  # of the apps in their order: shop/templates comes before the admin's own
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "libraries": {"desk": "shop.desk.tags"},
        },
    },
]
