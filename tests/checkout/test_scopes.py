"""The hint at what is almost there says of which goods, and leads to them."""

from html import unescape

import pytest
from django.test import Client
from django.utils.html import strip_tags

from catalog.models import Category, Product, Variant
from checkout import quote, ruleset, scopes
from checkout.models import Cart, Promotion
from shop import markets
from tests.checkout.conftest import put
from tests.checkout.promoting import enter, make_promotion, make_voucher
from tests.factories import make_category, make_product

pytestmark = pytest.mark.django_db


def bonus(**more: object) -> Promotion:
    return make_promotion("Three for two", kind="bonus", buy=2, free=1, **more)  # type: ignore[arg-type]


def words_of(promotion: Promotion) -> str:
    return scopes.plain(ruleset.rules()[promotion.pk], markets.default())


def hint(client: Client) -> str:
    """As the cart's page has it, with its links."""
    parts = client.get("/cart/").content.decode().split('<p class="sum__hint">')
    return next(part.partition("</p>")[0] for part in parts if "Three for two" in part)


def test_the_hint_names_a_category_and_leads_there(client: Client, suns: Product, variant: Variant) -> None:
    posters = make_category("Posters & prints")
    suns.listings.create(category=posters)
    bonus(categories=[posters])
    put(client, variant)
    told = hint(client)
    assert f'<a href="/c/{posters.slug}/">Posters &amp; prints</a>' in told
    text = " ".join(unescape(strip_tags(told)).split())
    assert text == "2 more of Posters & prints for “Three for two”."


def test_several_are_joined_and_many_are_cut() -> None:
    made = [make_category(name) for name in ("Books", "Cards", "Posters", "Rolls")]
    suns = make_product("Two suns")
    assert words_of(bonus(categories=made[:2], products=[suns])) == "Books, Cards or Two suns"
    assert words_of(bonus(categories=made)) == "Books, Cards, Posters or others"
    assert words_of(bonus(products=[suns], takes_reduced=False)) == "Two suns, not reduced,"
    assert words_of(bonus()) == "any of our goods"


def test_what_nobody_can_see_is_not_named() -> None:
    hidden = make_category("Hidden")
    Category.objects.filter(pk=hidden.pk).update(is_published=False)
    assert (
        words_of(bonus(categories=[hidden], products=[make_product("Draft", published=False)])) == "its goods"
    )


def test_a_code_that_waits_for_more_says_so_without_markup(
    client: Client, suns: Product, variant: Variant
) -> None:
    posters = make_category("Posters & prints")
    suns.listings.create(category=posters)
    make_voucher(promotion=bonus(categories=[posters], needs_code=True))
    put(client, variant)
    page = enter(client, "SPRING").content.decode()
    assert "SPRING is in your cart, and waits: 2 more of Posters &amp; prints and this code counts." in page


def test_who_places_an_order_looks_up_no_names(client: Client, variant: Variant) -> None:
    bonus()
    put(client, variant)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scopes, "words", None)
        near = quote.of(Cart.objects.get()).offers.near
    assert near is not None
    assert near.text == "2 more of any of our goods for “Three for two”."
