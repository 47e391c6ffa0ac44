"""A trial: it says what the import is going to do, to the figure, and keeps nobody waiting."""

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from catalog.importing import run
from catalog.importing.load import load as write
from catalog.importing.magento import read
from catalog.importing.plan import Plan
from catalog.importing.report import Report
from catalog.models import (
    Attribute,
    AttributeValue,
    Category,
    Image,
    ImportRun,
    Price,
    Product,
    ProductLink,
    Stock,
    TaxClass,
    Variant,
)
from shop.changes.models import Change
from shop.outbox.models import Message
from tests.catalog.magento import child, file, good, load, parent, text
from tests.catalog.sending import ADD, finished, form, goods, packed, page, send
from tests.catalog.test_import_shopify import row
from tests.factories import make_tax_class, picture_file

pytestmark = pytest.mark.django_db(transaction=True)

KEPT = (Attribute, AttributeValue, Category, Image, Price, Product, ProductLink, Stock, Variant)


def shopify() -> SimpleUploadedFile:
    """Three batches; a SKU that comes twice in different ones, bad rows, kinds that become categories."""
    rows = [row(f"mug{n}", f"Mug {n}", type=f"Kind {n % 3}") for n in range(120)]
    rows += [row("jug", "Jug", "-1"), row("none", "None", "x"), row("x" * 215, "Long")]
    return goods(*rows)


def magento() -> SimpleUploadedFile:
    """Links from batch to batch, pictures, paths, a variant that is lost, a kind that is not sold."""
    rows = []
    for n in range(0, 120, 2):
        small, large = child(f"T{n}-S", "S"), child(f"T{n}-L", "L", price="" if n == 100 else "9")
        rows += [parent(f"T{n}", small, large, categories=f"Root/A {n % 5}/B {n % 7}"), small, large]
        rows.append(good(f"P{n}", base_image=f"/p{n}.png", related_skus=f"P{(n + 60) % 120},T{n},GONE"))
    rows += [good("BOX", product_type="bundle"), good("TAX", tax_class_name="Unheard of")]
    rows += [good("BIG", name="N" * 200, qty="99999999999"), good("NIX", price="-1")]
    photos = {
        f"pub/media/catalog/product/p{n}.png": picture_file(format="PNG").read() for n in range(0, 20, 2)
    }
    return packed({"export.csv": text(rows), **photos})


def told(shown: ImportRun) -> tuple[Any, ...]:
    problems = shown.problems.order_by("file", "line", "pk").values_list("level", "line", "reason", "topic")
    return (shown.counts, shown.added, shown.found, list(problems))


@pytest.mark.parametrize("make", [shopify, magento])
def test_its_figures_are_those_of_the_import_in_however_many_slices(
    importer: Client, make: Callable[[], SimpleUploadedFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = finished(send(importer, make()))
    assert [kind.objects.exists() for kind in KEPT] == [False] * len(KEPT)
    with monkeypatch.context() as patch:
        patch.setattr(run, "LONGEST", 0)
        before = Message.objects.count()
        sliced = finished(send(importer, make()))
        assert Message.objects.count() - before == 3  # a batch each
    assert [kind.objects.exists() for kind in KEPT] == [False] * len(KEPT)
    importer.post(reverse("admin:catalog_importrun_import", args=[tried.pk]))
    imported = finished(ImportRun.objects.latest("id"))
    assert imported.counts["created"] == Product.objects.count() >= 120
    assert imported.added["categories"] == Category.objects.count() > 2
    assert imported.added.get("links", 0) == ProductLink.objects.count()
    assert imported.added.get("pictures", 0) == Image.objects.count()
    assert imported.counts["skipped"] >= 2
    assert told(tried) == told(sliced) == told(imported)


def test_who_buys_meanwhile_waits_for_no_row(tmp_path: Path) -> None:
    things = [good(f"P{n}") for n in range(120)]
    plan = Plan("EUR", True, make_tax_class(), recount=True, keep=False)
    load(file(tmp_path, *things))
    reading = read([file(tmp_path, *({**thing, "qty": "9", "price": "3"} for thing in things))])
    report = Report()

    def locked() -> int:
        """Rows that somebody holds, seen over another connection."""
        try:
            with transaction.atomic():
                free = [len(k.objects.select_for_update(skip_locked=True)) for k in (Stock, Price, Product)]
            return 360 - sum(free)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other:
        held = [other.submit(locked).result() for _done in write(reading, plan, report)]
    assert held == [0, 0, 0]
    assert report.outcomes["updated"] == 120
    assert set(Stock.objects.values_list("on_hand", flat=True)) == {5}


def test_a_category_that_it_would_make_is_not_made(tmp_path: Path) -> None:
    make_tax_class()
    said = load(file(tmp_path, good("PEN"), good("INK")), dry_run=True, category="New here")
    assert "New: 1 categories" in said
    assert "2 created" in said
    assert not Category.objects.exists()


def test_what_is_left_out_is_counted_and_told_in_the_order_of_the_file(tmp_path: Path) -> None:
    make_tax_class()
    small, large = child("TEE-S", "S"), child("TEE-L", "L", price="")
    rows = [good("BAD", price="x"), parent("TEE", small, large), small, large]
    rows += [
        good("PEN", tax_class_name="Unheard of"),
        good("BOX", product_type="bundle"),
        good("NIX", price="-1"),
    ]
    out = io.StringIO()
    with pytest.raises(CommandError, match="4 errors"):
        call_command("import_catalog", "magento", str(file(tmp_path, *rows)), stdout=out, stderr=out)
    said = out.getvalue()
    assert "1 created, 0 changed, 0 unchanged, 4 left out." in said
    assert "1 of the products came in without some of its variants." in said
    lines = [int(line.split(":")[1]) for line in said.splitlines() if ": error:" in line]
    assert lines == sorted(lines) == [2, 5, 6, 8]


def test_a_merchant_hears_what_is_not_for_sale_and_what_still_is(importer: Client, tmp_path: Path) -> None:
    make_tax_class()
    small, large = child("TEE-S", "S"), child("TEE-L", "L")
    load(file(tmp_path, parent("TEE", small, large), small, large))
    before = list(Variant.objects.order_by("pk").values())
    said = load(file(tmp_path, parent("TEE", small), small))
    assert "warning: 1 variant is still for sale here, and no longer in the file." in said
    assert "warning: 1 product has no price in GBP: it is not for sale in United Kingdom." in said
    assert list(Variant.objects.order_by("pk").values()) == before
    shown = page(importer, finished(send(importer, goods(row("mug"), row("cup", "Cup")))))
    assert "2 products have no price in GBP: they are not for sale in United Kingdom." in shown


def test_pictures_that_are_being_prepared_are_counted_while_they_are(importer: Client) -> None:
    photos = {f"media/p{n}.png": picture_file(format="PNG").read() for n in range(3)}
    table = text([good(f"P{n}", base_image=f"/p{n}.png") for n in range(3)])
    sent = packed({"export.csv": table, **photos})
    tried = finished(send(importer, sent))
    assert "prepared" not in page(importer, tried)
    importer.post(reverse("admin:catalog_importrun_import", args=[tried.pk]))
    imported = finished(ImportRun.objects.latest("id"))
    url = reverse("admin:catalog_importrun_progress", args=[imported.pk]) + "?pictures"
    assert "3 pictures are being prepared; 3 to go." in page(importer, imported)
    assert importer.get(url).content == b"3 pictures are being prepared; 3 to go."
    Change.objects.all().delete()
    assert "prepared" not in page(importer, imported)
    assert importer.get(url).status_code == 205


def test_a_shop_without_a_tax_class_gets_its_first_but_not_by_a_trial(tmp_path: Path) -> None:
    """So that a merchant's file can be the first thing that an empty shop sees."""
    TaxClass.objects.all().delete()
    path = file(tmp_path, good("PEN", tax_class_name=""))
    assert "Standard (new: the shop had none)" in load(path, dry_run=True)
    assert not TaxClass.objects.exists()
    with pytest.raises(CommandError, match="leave it out"):
        load(path, tax_class="reduced")
    load(path)
    assert Product.objects.get().tax_class.code == "standard"


def test_the_desk_too_makes_the_first_tax_class(importer: Client) -> None:
    sent = form(goods(row("mug")), button="_import")
    TaxClass.objects.all().delete()
    assert "Standard (a new one)" in importer.get(reverse(ADD)).content.decode()
    assert importer.post(reverse(ADD), {**sent, "tax_class": ""}).status_code == 302
    finished(ImportRun.objects.get())
    assert Product.objects.get().tax_class.code == "standard"
