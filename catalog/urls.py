"""The public addresses of the catalogue; a market's prefix is mounted before them."""

from django.urls import path

from catalog import sitemaps, views
from catalog.views import searched, suggestions

app_name = "catalog"

urlpatterns = [
    path("", views.home, name="home"),
    path("c/<slug:slug>/", views.category, name="category"),
    path("p/<slug:slug>/", views.product, name="product"),
    path("search/", views.search, name="search"),
    path("search/seen/", searched.seen, name="seen"),
    path("search/suggest/", suggestions.suggest, name="suggest"),
    path("info/<slug:slug>/", views.page, name="page"),
    path("robots.txt", sitemaps.robots, name="robots"),
    path("sitemap.xml", sitemaps.index, name="sitemaps"),
    path("sitemap-pages.xml", sitemaps.pages, name="sitemap_pages"),
    path("sitemap-products-<int:number>.xml", sitemaps.products, name="sitemap_products"),
]
