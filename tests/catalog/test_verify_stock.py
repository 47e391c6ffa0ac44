"""verify_stock: the books of the stock, and what to do when they are wrong."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from catalog import stock
from catalog.models import Stock, Variant
from catalog.stock import rush
from tests.factories import make_product

pytestmark = pytest.mark.django_db


def counted(level: int) -> Variant:
    variant = make_product(stock=0).variants.get()
    stock.adjust(variant.pk, delta=level)
    return variant


def test_whatever_the_shop_does_its_books_are_right() -> None:
    variant, hot = counted(20), counted(100)
    rush.split(hot.pk)
    stock.reserve({variant.pk: 3, hot.pk: 5})
    stock.release({hot.pk: 1})
    stock.ship({variant.pk: 2, hot.pk: 4})
    stock.adjust_many({variant.pk: 9})
    said = StringIO()
    call_command("verify_stock", stdout=said)
    assert "come to its stock" in said.getvalue()


def test_what_was_written_past_the_shop_is_found_and_named() -> None:
    variant, _right = counted(20), counted(5)
    Stock.objects.filter(pk=variant.pk).update(on_hand=19, reserved=1)
    said = StringIO()
    with pytest.raises(CommandError, match="1 variants differ"):
        call_command("verify_stock", stdout=said)
    assert (
        f"{variant.sku}: 19 on hand, 20 by its movements; 1 reserved, 0 by its movements" in said.getvalue()
    )
    call_command("verify_stock", write_down=True, stdout=said)
    assert "the movements are written" in said.getvalue()
    assert stock.differences() == []
    assert Stock.objects.values_list("on_hand", "reserved").get(pk=variant.pk) == (19, 1)
