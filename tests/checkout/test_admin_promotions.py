"""Promotions and vouchers on the desk: sensible forms, codes by the batch, figures, a spreadsheet."""

import csv
import re
from html import unescape
from io import StringIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.models import Variant
from checkout import completion, quote
from checkout.admin.voucher import make
from checkout.models import Cart, CartLine, Promotion, Voucher
from orders.models import Order
from tests.checkout.conftest import ADDRESS
from tests.checkout.promoting import make_promotion, make_voucher
from tests.factories import make_category
from tests.orders.test_admin import member

pytestmark = pytest.mark.django_db
PROMOTIONS, VOUCHERS = "/admin/checkout/promotion/", "/admin/checkout/voucher/"


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(member("Merchant"))
    return client


def sent(amounts: list[dict[str, str]] | None = None, **fields: Any) -> dict[str, Any]:
    """The form as a browser sends it."""
    rows = amounts or []
    plain = {"name": "Spring", "kind": "percent", "percent": "10", "scope": "all", "is_active": "on"}
    more = {"priority": "10", "stacking": "together", "takes_reduced": "on"}
    formset = {"amounts-TOTAL_FORMS": len(rows), "amounts-INITIAL_FORMS": 0}
    cells = {f"amounts-{n}-{name}": value for n, row in enumerate(rows) for name, value in row.items()}
    return {**plain, **more, **formset, **cells, **fields}


def test_a_promotion_is_added_and_counts(desk: Client) -> None:
    prints = make_category("Prints")
    answer = desk.post(
        f"{PROMOTIONS}add/",
        sent([{"currency": "EUR", "minimum": "50"}], scope="chosen", categories=[prints.pk]),
    )
    assert answer.status_code == 302, answer.content.decode()
    promotion = Promotion.objects.get()
    assert (promotion.percent, promotion.amounts.get().minimum) == (10, 50)
    assert list(promotion.categories.all()) == [prints]
    page = desk.get(PROMOTIONS).content.decode()
    assert "10 % off" in page
    assert "Running" in page


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"percent": ""}, "Write how many per cent"),
        ({"percent": "101"}, "Write how many per cent"),
        ({"kind": "bonus"}, "Write how many pieces: 1 or more."),
        ({"kind": "amount"}, "Add a row for each currency"),
        ({"scope": "chosen"}, "Choose categories or products for it"),
        ({"starts_at": "2031-05-02T10:00", "ends_at": "2031-05-01T10:00"}, "It ends after it has begun"),
        ({"amounts": [{"currency": "EUR", "amount": "5", "minimum": "0"}]}, "this kind takes no amount off"),
        (
            {"kind": "each", "amounts": [{"currency": "EUR", "minimum": "5"}]},
            "Write how much is taken off.",
        ),
    ],
)
def test_what_its_kind_needs_is_asked_for(desk: Client, fields: dict[str, Any], said: str) -> None:
    answer = desk.post(f"{PROMOTIONS}add/", sent(fields.pop("amounts", None), **fields))
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert not Promotion.objects.exists()


def test_the_stacking_is_explained_where_it_is_chosen(desk: Client) -> None:
    page = desk.get(f"{PROMOTIONS}add/").content.decode()
    assert "counts only where nothing was given before it" in page
    assert "The smallest number has its turn first" in page


def links(page: str) -> list[str]:
    return [unescape(url) for url in re.findall(r'href="([^"]+)"', page)]


def test_a_promotion_that_waits_for_a_code_says_that_it_does_nothing_without(desk: Client) -> None:
    page = desk.post(f"{PROMOTIONS}add/", sent(needs_code="on", name="A & B"), follow=True).content.decode()
    promotion = Promotion.objects.get()
    add = f"{VOUCHERS}add/?promotion={promotion.pk}"
    assert f'“A &amp; B” does nothing until it has a code. <a href="{add}">Add one</a>' in page
    assert f'<option value="{promotion.pk}" selected>A &amp; B</option>' in desk.get(add).content.decode()

    one = f"{PROMOTIONS}{promotion.pk}/change/"
    assert add in links(desk.post(one, sent(needs_code="on"), follow=True).content.decode())
    assert "does nothing" not in desk.post(one, sent(), follow=True).content.decode()
    make_voucher(promotion=promotion)
    assert "does nothing" not in desk.post(one, sent(needs_code="on"), follow=True).content.decode()


def test_from_a_promotions_codes_one_and_many_are_made_for_it(desk: Client) -> None:
    """While there is none, and when there are some."""
    promotion = make_promotion(needs_code=True)
    chosen = f'<option value="{promotion.pk}" selected>'
    for code in ("ONE", "TWO"):
        page = desk.get(f"{VOUCHERS}?promotion__pk={promotion.pk}").content.decode().split("content-main")[1]
        for part in ("add/", "batch/"):
            ways = [url for url in links(page) if url.startswith(VOUCHERS + part)]
            assert ways
            assert [url for url in ways if chosen not in desk.get(url).content.decode()] == []
        make_voucher(code, promotion=promotion)
    Voucher.objects.all().delete()
    assert f'<a class="button" href="{VOUCHERS}batch/">Make many' in desk.get(VOUCHERS).content.decode()


@pytest.mark.parametrize("said", ["x", "-1", "9" * 30, "²"])
def test_an_address_that_names_no_promotion_chooses_none(desk: Client, said: str) -> None:
    for part in ("add/?promotion=", "batch/?promotion__pk="):
        answer = desk.get(VOUCHERS + part + said)
        assert answer.status_code == 200
        assert not re.search(r'<option value="[^"]+" selected', answer.content.decode())


def order_with(variant: Variant, code: str = "", number: int = 1) -> Order:
    method = variant.product.tax_class.methods.get()
    cart = Cart.objects.create(
        token_hash=f"{number:064}", market="eu", method=method, voucher_code=code, **ADDRESS
    )
    CartLine.objects.create(cart=cart, variant=variant, quantity=1)
    return completion.complete(cart, quote.of(cart).totals.digest).order


def test_what_it_has_brought_stands_beside_it(desk: Client, variant: Variant) -> None:
    voucher = make_voucher(limit=3)
    order = order_with(variant, "SPRING")
    assert "€39.10" in desk.get(PROMOTIONS).content.decode()
    page = desk.get(f"{PROMOTIONS}{voucher.promotion_id}/change/").content.decode()
    assert "1 order · €39.10 of revenue · €3.80 taken off" in page
    listed = desk.get(f"{VOUCHERS}?promotion__pk={voucher.promotion_id}").content.decode()
    assert "€39.10" in listed
    used = desk.get(f"/admin/checkout/promotionuse/?promotion__pk={voucher.promotion_id}").content.decode()
    assert order.number in used
    assert f"/admin/orders/order/{order.pk}/change/" in used


def test_a_list_of_any_length_takes_the_same_number_of_queries(desk: Client) -> None:
    def asked(path: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert desk.get(path).status_code == 200
        return len(captured)

    first = make_promotion("First", needs_code=True)
    make_voucher("CODE-0", promotion=first)
    few = asked(PROMOTIONS), asked(VOUCHERS)
    for number in range(1, 30):
        make_promotion(f"Promotion {number}", amount={"EUR": "5", "GBP": "4"})
    make(first, 30)
    assert (asked(PROMOTIONS), asked(VOUCHERS)) == few


@pytest.mark.parametrize("taken", ["spring", "SPR1NG", "S-P-R-I-N-G"])
def test_a_code_that_looks_like_another_is_refused(desk: Client, taken: str) -> None:
    promotion = make_voucher().promotion
    answer = desk.post(f"{VOUCHERS}add/", {"code": taken, "promotion": promotion.pk, "is_active": "on"})
    assert "people could not tell them apart" in answer.content.decode()
    assert Voucher.objects.count() == 1


def test_a_code_for_what_comes_by_itself_is_refused(desk: Client) -> None:
    answer = desk.post(f"{VOUCHERS}add/", {"code": "FALL", "promotion": make_promotion().pk})
    assert "comes by itself" in answer.content.decode()
    assert not Voucher.objects.exists()


def test_a_code_that_is_renamed_is_found_by_its_new_name(desk: Client) -> None:
    voucher = make_voucher()
    fields = {"code": "Summer-26", "promotion": voucher.promotion_id, "is_active": "on", "limit": "5"}
    assert desk.post(f"{VOUCHERS}{voucher.pk}/change/", fields).status_code == 302
    voucher.refresh_from_db()
    assert (voucher.code, voucher.folded, voucher.limit) == ("Summer-26", "SUMMER26", 5)
    assert "Summer-26" in desk.get(f"{VOUCHERS}?q=summer 26").content.decode()


def test_a_batch_of_codes_is_drawn_each_for_one_use(desk: Client) -> None:
    promotion = make_promotion(needs_code=True)
    form = {"promotion": promotion.pk, "count": "1200", "begins": "gift", "batch": "June", "limit": "1"}
    answer = desk.post(f"{VOUCHERS}batch/", form, follow=True)
    assert "1,200 vouchers made" in answer.content.decode()
    assert Voucher.objects.filter(batch="June", limit=1, promotion=promotion).count() == 1200
    code = Voucher.objects.first()
    assert code is not None
    assert code.code.startswith("GIFT-")
    assert not set(code.code.removeprefix("GIFT-")) & set("01OIL")


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("count", "10001", "10000"),
        ("count", "0", "1"),
        ("begins", "=cmd", "Use letters A to Z and digits."),
        ("promotion", "", "romotion"),
    ],
)
def test_a_batch_that_cannot_be_made_is_told(desk: Client, field: str, value: str, said: str) -> None:
    promotion = make_promotion(needs_code=True)
    form = {"promotion": promotion.pk, "count": "5", "begins": "", "batch": "June", field: value}
    answer = desk.post(f"{VOUCHERS}batch/", form)
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert not Voucher.objects.exists()


def test_the_export_is_a_table_that_no_spreadsheet_runs(desk: Client) -> None:
    promotion = make_promotion("=HYPERLINK(1)", needs_code=True)
    one = make_voucher("SPRING", promotion=promotion, batch="@June", limit=5)
    answer = desk.post(VOUCHERS, {"action": "export", "_selected_action": [one.pk]})
    assert answer["Content-Type"].startswith("text/csv")
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert list(csv.DictReader(StringIO(text))) == [
        {
            "code": "SPRING",
            "promotion": "'=HYPERLINK(1)",
            "batch": "'@June",
            "limit": "5",
            "limit_each": "",
            "used": "0",
            "active": "True",
        }
    ]


def test_support_looks_and_changes_nothing(client: Client) -> None:
    client.force_login(member("Support"))
    voucher = make_voucher()
    for path in (PROMOTIONS, VOUCHERS, f"{PROMOTIONS}{voucher.promotion_id}/change/"):
        assert client.get(path).status_code == 200
    for path in (f"{PROMOTIONS}add/", f"{VOUCHERS}add/", f"{VOUCHERS}batch/"):
        assert client.get(path).status_code == 403
    answer = client.post(VOUCHERS, {"action": "export", "_selected_action": [voucher.pk]})
    assert "text/csv" not in answer.get("Content-Type", "")
