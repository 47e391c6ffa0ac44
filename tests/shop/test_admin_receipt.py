"""The receipt on the desk: what a merchant reads of an edit, and who may ask for it."""

import re
from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from catalog.models import Product
from shop.changes import projector
from shop.desk import receipts as shown
from shop.edge import freshness, receipts
from shop.edge.models import Receipt
from shop.edge.purges import Failure, PurgeFailed
from shop.outbox import drain
from shop.outbox.models import Message
from tests.factories import follow_changes, make_page, make_product, make_user

pytestmark = pytest.mark.django_db(transaction=True)


class Kept:
    """An edge that lets `pages` go with every purge, or says so many times that it cannot."""

    def __init__(self) -> None:
        self.pages: int | None = 7
        self.fails = 0

    def purge(self, keys: Collection[str]) -> int | None:
        if self.fails:
            self.fails -= 1
            raise PurgeFailed([Failure("edge <1>", "no answer", is_temporary=True)])
        return self.pages


@pytest.fixture
def edge(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Kept:
    settings.EDGE_BACKEND = "varnish"
    kept = Kept()
    monkeypatch.setattr(freshness, "purge", kept.purge)
    monkeypatch.setattr(projector, "ring", lambda: None)
    return kept


@pytest.fixture
def product(db: None) -> Product:
    made = make_product("Two suns", category="Posters")
    follow_changes()
    return made


def enter(client: Client, *groups: str, permissions: tuple[str, ...] = ()) -> Client:
    user = make_user(is_staff=True)
    user.groups.set(Group.objects.filter(name__in=groups))
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(user)
    return client


@pytest.fixture
def merchant(client: Client, product: Product, edge: Kept) -> Client:
    return enter(client, "Merchant")


def form_of(client: Client, url: str) -> dict[str, Any]:
    """What a browser would send back of the form at that address."""
    context = client.get(url).context
    forms = [context["adminform"].form]
    for inline in context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    sent: dict[str, Any] = {}
    for form in forms:
        for bound in form:
            value = bound.value()
            if hasattr(bound.field.widget, "widgets"):
                parts = bound.field.widget.decompress(value)
                sent |= {f"{bound.html_name}_{number}": part or "" for number, part in enumerate(parts)}
            elif value is not None and value is not False:
                sent[bound.html_name] = value
    return sent


def rename(client: Client, product: Product, name: str = "Three suns") -> Any:
    url = reverse("admin:catalog_product_change", args=[product.pk])
    answer = client.post(url, {**form_of(client, url), "name": name, "_save": "1"})
    assert answer.status_code == 302, answer.context["fixes"]
    return answer


def number() -> int:
    return Receipt.objects.get().transaction


def fragment(client: Client) -> str:
    answer = client.get(reverse("admin:receipt_state", args=[number()]))
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode())).strip()


def message(client: Client) -> str:
    """What stands in the messages of the next page."""
    page = client.get(reverse("admin:index")).content.decode()
    return page.partition('class="messagelist"')[2].partition("</ul>")[0]


def test_a_save_says_how_many_pages_and_after_how_long(merchant: Client, product: Product) -> None:
    rename(merchant, product)
    text = message(merchant)
    assert "Product updated" in text
    assert "Pending" in text
    assert f'data-receipt="/admin/receipt/{number()}/state/"' in text
    assert f'<noscript><a href="/admin/receipt/{number()}/">How far is it?</a></noscript>' in text
    follow_changes()
    assert re.fullmatch(r"\d+ pages, live everywhere after \d+\.\d s", fragment(merchant))
    assert "data-over" in merchant.get(f"/admin/receipt/{number()}/state/").content.decode()


def test_what_is_done_when_the_page_comes_is_said_in_the_message(
    merchant: Client, product: Product, edge: Kept
) -> None:
    edge.pages = 1
    rename(merchant, product)
    Receipt.objects.update(pages=1, live_at=Now() + timedelta(seconds=3))
    projector.Change.objects.update(done_at=Now())
    text = message(merchant)
    assert "1 page, live everywhere after 3." in text
    assert "data-receipt" not in text
    assert "How far" not in text


def test_a_form_with_rows_has_one_receipt(merchant: Client, product: Product) -> None:
    url = reverse("admin:catalog_product_change", args=[product.pk])
    sent = form_of(merchant, url) | {"name": "Four suns", "variants-0-sku": "ANOTHER-1", "_save": "1"}
    assert merchant.post(url, sent).status_code == 302
    changed = projector.Change.objects.filter(done_at=None)
    assert {change.model for change in changed} >= {"catalog.product", "catalog.variant"}
    assert {tuple(change.causes) for change in changed} == {(number(),)}


@pytest.mark.parametrize(
    ("backend", "pages", "words"),
    [
        ("varnish", 1, "1 page, live everywhere after 0.3 s"),
        ("varnish", 1400, "1,400 pages, live everywhere after 0.3 s"),
        ("varnish", 0, "Live everywhere after 0.3 s; no kept page showed it"),
        ("fastly", None, "Live everywhere after 0.3 s"),
        ("cloudflare", None, "Live everywhere after 0.3 s"),
        ("null", 0, "Live after 0.3 s"),
    ],
)
def test_who_does_not_count_pages_says_no_number(
    settings: Any, backend: str, pages: int | None, words: str
) -> None:
    settings.EDGE_BACKEND = backend
    told = receipts.Told("done", pages, timedelta(milliseconds=310))
    assert shown.said(7, told) == shown.Shown(7, words, "good", is_over=True)


def test_a_purge_that_fails_is_told_and_so_is_its_end(merchant: Client, product: Product, edge: Kept) -> None:
    edge.fails = 99
    rename(merchant, product)
    follow_changes()
    told = fragment(merchant)
    assert told.startswith("Retrying by itself: some pages are still old")
    assert "edge &lt;1&gt;: no answer" in told
    Message.objects.filter(job="edge.purge").update(dead_at=Now())
    assert fragment(merchant).startswith("Given up")
    assert "/admin/outbox/message/?state=dead" in merchant.get(f"/admin/receipt/{number()}/").content.decode()
    edge.fails = 0
    Message.objects.filter(job="edge.purge").update(dead_at=None, due_at=Now())
    drain.drain("changes")
    assert "live everywhere after" in fragment(merchant)


def test_an_edit_that_changes_no_page_says_so(merchant: Client, product: Product) -> None:
    rename(merchant, product, product.name)
    assert fragment(merchant) == "It changes no page now"


def act(client: Client, product: Product, action: str, **more: Any) -> None:
    url = reverse("admin:catalog_product_changelist")
    client.post(url, {"action": action, "_selected_action": [product.pk], **more})


def delete(client: Client, product: Product) -> None:
    client.post(reverse("admin:catalog_product_delete", args=[product.pk]), {"post": "yes"})


EDITS: dict[str, Callable[[Client, Product], Any]] = {
    "a save": rename,
    "a deletion": delete,
    "an action": lambda client, product: act(client, product, "unpublish"),
    "a deletion of those chosen": lambda client, product: act(client, product, "delete_selected", post="yes"),
}


def test_every_edit_has_a_receipt_of_its_own_transaction(merchant: Client, product: Product) -> None:
    for name, edit in EDITS.items():
        edited = make_product(name)
        projector.Change.objects.update(done_at=Now())
        Receipt.objects.all().delete()
        edit(merchant, edited)
        causes = projector.Change.objects.filter(done_at=None).values_list("causes", flat=True)
        assert {tuple(each) for each in causes} == {(number(),)}, name
        assert "Pending" in message(merchant), name


def test_a_list_that_is_edited_in_place_has_one(merchant: Client) -> None:
    edited = make_page("Delivery")
    projector.Change.objects.update(done_at=Now())
    url = reverse("admin:catalog_page_changelist")
    formset = merchant.get(url).context["cl"].formset
    sent = {bound.html_name: bound.value() for bound in formset.management_form}
    for form in formset.forms:
        sent |= {bound.html_name: bound.value() for bound in form}
    sent |= {"form-0-position": edited.position + 7, "_save": "1"}
    assert merchant.post(url, sent).status_code == 302
    assert [change.causes for change in projector.Change.objects.filter(done_at=None)] == [[number()]]
    assert "Pending" in message(merchant)


def test_what_no_page_can_show_has_none(client: Client, edge: Kept) -> None:
    user = make_user(is_staff=True, is_superuser=True)
    client.force_login(user)
    url = reverse("admin:auth_group_changelist")
    sent = {"action": "delete_selected", "_selected_action": [Group.objects.all()[0].pk], "post": "yes"}
    assert client.post(url, sent).status_code == 302
    assert Receipt.objects.count() == 0


def test_a_refused_edit_has_none(merchant: Client, product: Product) -> None:
    url = reverse("admin:catalog_product_change", args=[product.pk])
    assert merchant.post(url, form_of(merchant, url) | {"name": "", "_save": "1"}).status_code == 200
    assert Receipt.objects.count() == 0


def test_a_receipt_is_for_who_may_edit_what_pages_show(merchant: Client, product: Product) -> None:
    rename(merchant, product)
    urls = [reverse(name, args=[number()]) for name in ("admin:receipt", "admin:receipt_state")]
    for url in urls:
        answer = merchant.get(url)
        assert answer.status_code == 200
        assert "no-store" in answer["Cache-Control"]
        assert "private" in answer["Cache-Control"]
        assert Client().get(url).status_code == 302
        assert enter(Client(), permissions=("view_product",)).get(url).status_code == 403
        assert enter(Client(), permissions=("change_page",)).get(url).status_code == 200
        customer = Client()
        customer.force_login(make_user())
        assert customer.get(url).status_code == 302


def test_an_unknown_number_is_not_found(merchant: Client) -> None:
    for unknown in (0, 1, 2**63 - 1, 2**63, 10**40):
        assert merchant.get(f"/admin/receipt/{unknown}/").status_code == 404
        assert merchant.get(f"/admin/receipt/{unknown}/state/").status_code == 404


def test_a_receipt_is_forgotten_after_a_day(merchant: Client, product: Product) -> None:
    rename(merchant, product)
    receipts.forget()
    kept = number()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE edge_receipt SET began_at = now() - interval '25 hours'")
    receipts.forget()
    assert Receipt.objects.count() == 0
    text = message(merchant)
    assert "Product updated" in text  # that it was done is said all the same
    assert "data-receipt" not in text
    assert merchant.get(f"/admin/receipt/{kept}/state/").status_code == 404


def test_a_message_asks_for_numbers_only() -> None:
    class Said:
        extra_tags = "receipt-x receipt- receipt-1;2 success"

    assert shown.of_message(Said()) is None
