"""Which goods a rule is for, as a buyer reads it: a few names, each with its page."""

from html import unescape
from typing import NamedTuple

from django.utils.html import format_html, format_html_join, strip_tags
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from catalog.models import Category, Product
from checkout.promotions import Rule
from shop import markets
from shop.markets import Market

MOST = 3  # names


class Named(NamedTuple):
    """A category or a product."""

    name: str
    url: str


def of(rule: Rule, market: Market) -> tuple[list[Named], bool]:
    """The goods by name, and whether there are more than these; none for a rule that takes any."""
    if rule.is_for_all:
        return [], False
    categories = Category.objects.filter(pk__in=rule.category_ids, is_published=True).order_by("path")
    found = [("catalog:category", *row) for row in categories.values_list("name", "slug")[: MOST + 1]]
    if len(found) <= MOST:
        products = Product.objects.filter(pk__in=rule.product_ids, is_published=True).order_by("name", "pk")
        found += [("catalog:product", *row) for row in products.values_list("name", "slug")[: MOST + 1]]
    named = [Named(name, markets.url(market, page, slug)) for page, name, slug in found[:MOST]]
    return named, len(found) > MOST


def words(rule: Rule, market: Market) -> SafeString:
    """ "Posters, Cards or others": with links, for a sentence in which so many "more of" it are wanted."""
    named, has_more = of(rule, market)
    links = [format_html('<a href="{}">{}</a>', one.url, one.name) for one in named]
    if not links:
        shown = format_html("{}", _("any of our goods") if rule.is_for_all else _("its goods"))
    elif has_more or len(links) > 1:
        last = _("others") if has_more else links.pop()
        first = format_html_join(_(", "), "{}", ((link,) for link in links))
        shown = format_html(_("{first} or {last}"), first=first, last=last)
    else:
        shown = links[0]
    return shown if rule.takes_reduced else format_html(_("{goods}, not reduced,"), goods=shown)


def plain(rule: Rule, market: Market) -> str:
    """The same without links."""
    return unescape(strip_tags(words(rule, market)))
