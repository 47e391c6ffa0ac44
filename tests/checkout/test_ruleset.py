"""An edit of a rule counts from the next quote on, whoever made it; else nobody reads the rules again."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.models import Category, Method, Variant
from checkout import offers, quote, ruleset
from checkout.models import Cart, CartLine, Promotion, PromotionAmount, RuleSet
from tests.checkout.conftest import together
from tests.checkout.promoting import make_promotion
from tests.factories import make_category

pytestmark = pytest.mark.django_db


@pytest.fixture
def cart(variant: Variant, method: Method) -> Cart:
    made = Cart.objects.create(token_hash="1" * 64, market="eu")
    CartLine.objects.create(cart=made, variant=variant, quantity=1)
    return made


def off(cart: Cart) -> str:
    return str(quote.of(cart).totals.discount.amount)


EDITS: dict[str, tuple[Callable[[Promotion], object], str]] = {
    "saved": (lambda p: setattr(p, "percent", 20) or p.save(), "7.60"),
    "in bulk": (lambda p: Promotion.objects.update(percent=50), "19.00"),
    "deleted": (lambda p: p.delete(), "0"),
    "a row of amounts": (
        lambda p: PromotionAmount.objects.create(promotion=p, currency="EUR", minimum=39),
        "0",
    ),
    "a category spared": (lambda p: p.without.set(Category.objects.all()), "0"),
    "its goods": (lambda p: (p.categories.clear(), Promotion.objects.update(scope="chosen")), "0"),
    "in SQL": (
        lambda p: connection.cursor().execute("UPDATE checkout_promotion SET is_active = false"),
        "0",
    ),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_counts_at_the_next_quote(cart: Cart, variant: Variant, edit: str) -> None:
    variant.product.listings.create(category=make_category("Prints"))
    promotion = make_promotion(categories=Category.objects.all())
    assert off(cart) == "3.80"
    change, expected = EDITS[edit]
    change(promotion)
    assert off(cart) == expected


def test_a_category_that_goes_leaves_its_promotion_for_nothing(cart: Cart, variant: Variant) -> None:
    prints = make_category("Prints")
    variant.product.listings.create(category=prints)
    make_promotion(categories=[prints])
    assert off(cart) == "3.80"
    Category.objects.get(pk=prints.pk).delete()
    assert off(cart) == "0"


def test_goods_of_the_categories_below_belong_and_a_category_that_moves_takes_them_along(
    cart: Cart, variant: Variant
) -> None:
    top, other = make_category("Paper"), make_category("Cloth")
    below = make_category("Prints", top)
    variant.product.listings.create(category=below)
    make_promotion(categories=[top])
    assert off(cart) == "3.80"
    Category.objects.move(Category.objects.get(pk=below.pk), Category.objects.get(pk=other.pk), "last-child")
    assert off(cart) == "0"


def test_the_rules_are_read_once_and_a_quote_asks_for_their_version(cart: Cart) -> None:
    make_promotion()
    off(cart)
    with CaptureQueriesContext(connection) as captured:
        off(cart)
    asked = [query["sql"] for query in captured if "checkout_promotion" in query["sql"]]
    assert asked == []
    assert sum("checkout_ruleset" in query["sql"] for query in captured) == 1


def test_a_timed_rule_begins_and_ends_on_time(cart: Cart) -> None:
    begins = timezone.now() + timedelta(hours=1)
    make_promotion(starts_at=begins, ends_at=begins + timedelta(hours=1))

    def at(moment: datetime) -> str:
        with time_machine.travel(moment, tick=False):
            return off(cart)

    tick = timedelta(milliseconds=1)
    ends = begins + timedelta(hours=1)
    assert [at(moment) for moment in (begins - tick, begins, ends - tick, ends)] == ["0", "3.80", "3.80", "0"]


def test_a_version_that_only_one_process_knew_of_would_be_kept_for_ever(
    cart: Cart, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken variant: rules kept without a look at their version."""
    promotion = make_promotion()
    monkeypatch.setattr(ruleset._VERSION, "first", lambda: (UUID(int=0),))
    assert off(cart) == "3.80"
    Promotion.objects.filter(pk=promotion.pk).update(percent=20)
    assert off(cart) == "3.80"


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_counts_nowhere(cart: Cart) -> None:
    promotion = make_promotion()
    before = RuleSet.objects.get().version
    try:
        with transaction.atomic():
            Promotion.objects.filter(pk=promotion.pk).update(percent=20)
            assert off(cart) == "7.60"
            assert together(1, lambda _index: off(cart)) == ["3.80"]
            transaction.set_rollback(True)
    finally:
        assert off(cart) == "3.80"
    assert RuleSet.objects.get().version == before


def test_no_category_is_asked_for_where_no_rule_names_one(
    cart: Cart, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_promotion()
    monkeypatch.setattr(offers, "categories_of", lambda ids: pytest.fail("asked"))
    assert off(cart) == "3.80"
