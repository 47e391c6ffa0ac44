"""What the catalogue has to say on the desk's first page: what runs out, of what is on sale."""

from collections import Counter
from typing import Any

from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import ngettext_lazy

from catalog.admin.filters import sold_out_products
from catalog.admin.stock import at_level
from catalog.models import Availability, Product, Review, Stock, Variant
from shop.desk import dashboard

MOST_WANTED = 6


@dashboard.figure(30)
def gone(request: HttpRequest) -> dashboard.Figure | None:
    """Products of which nothing can be bought any more."""
    if not request.user.has_perm("catalog.view_product"):
        return None
    count = dashboard.counted(sold_out_products(Product.objects.all()))
    url = reverse("admin:catalog_product_changelist") + "?state=out"
    names = ngettext_lazy("product sold out", "products sold out")
    return dashboard.Figure(names % count, count, url, "bad")


@dashboard.figure(31)
def sold_out(request: HttpRequest) -> dashboard.Figure | None:
    """Sizes, frames … that nobody can buy any more; most of their products have others."""
    return _of_level(request, Availability.OUT, ngettext_lazy("variant sold out", "variants sold out"))


@dashboard.figure(32)
def low(request: HttpRequest) -> dashboard.Figure | None:
    """What is about to be sold out."""
    return _of_level(request, Availability.LOW, ngettext_lazy("variant almost gone", "variants almost gone"))


@dashboard.figure(40)
def unread(request: HttpRequest) -> dashboard.Figure | None:
    """Reviews that nobody has published; where none wait, nothing is said of them."""
    if not request.user.has_perm("catalog.view_review"):
        return None
    count = dashboard.counted(Review.objects.filter(is_published=False))
    url = reverse("admin:catalog_review_changelist") + "?is_published__exact=0"
    names = ngettext_lazy("review not published", "reviews not published")
    return dashboard.Figure(names % count, count, url, "low") if count else None


@dashboard.panel(20)
def wanted(request: HttpRequest) -> SafeString | None:
    """What to reorder first: the best sellers of which something is gone or almost gone."""
    if not request.user.has_perm("catalog.view_stock"):
        return None
    short = Variant.objects.filter(
        product=OuterRef("pk"), is_active=True, availability__in=(Availability.OUT, Availability.LOW)
    )
    products = list(
        Product.objects.filter(Exists(short), is_published=True).order_by("-popularity", "-id")[:MOST_WANTED]
    )
    levels = Variant.objects.filter(product__in=products, is_active=True).values_list(
        "product", "availability"
    )
    found = Counter(levels.order_by())
    url = reverse("admin:catalog_stock_changelist")
    rows = [
        {
            "name": product.name,
            "url": f"{url}?variant__product={product.pk}",
            "gone": found[product.pk, Availability.OUT],
            "low": found[product.pk, Availability.LOW],
            "left": found[product.pk, Availability.IN],
        }
        for product in products
    ]
    return render_to_string("admin/catalog/stock/wanted.html", {"rows": rows}) if rows else None


def _of_level(request: HttpRequest, level: Availability, names: Any) -> dashboard.Figure | None:
    if not request.user.has_perm("catalog.view_stock"):
        return None
    count = dashboard.counted(Stock.objects.filter(at_level(level)))
    url = reverse("admin:catalog_stock_changelist") + f"?level={level.value}"
    return dashboard.Figure(names % count, count, url, "low")
