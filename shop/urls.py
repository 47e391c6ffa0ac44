"""The site map: one include per app, health, the demo's mailbox, and the error pages."""

from django.contrib import admin
from django.urls import include, path

from shop import health, icon
from shop.edge.canary import canary
from shop.media import media

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("edge/canary", canary, name="canary"),
    path("favicon.ico", icon.favicon),
    path("media/<path:path>", media),
    path("admin/", admin.site.urls),
    path("dev/mail/", include("shop.mailbox")),
    path("", include("catalog.urls")),
    path("", include("checkout.urls")),
    path("", include("orders.urls")),
    path("", include("accounts.urls")),
]

handler404 = "catalog.views.not_found"
handler500 = "shop.away.failed"
