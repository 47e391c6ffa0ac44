"""The merchant's import: files in, tried first, loaded by the worker, whatever is wrong with them said."""

import csv
import io
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from catalog.importing import run, uploads
from catalog.importing.darkroom import Darkroom
from catalog.models import Image, ImportRun, Product
from shop.changes.models import Change
from shop.outbox.models import Message
from tests.catalog.magento import good, text
from tests.catalog.sending import ADD, finished, form, goods, packed, page, send, stored
from tests.catalog.test_import_shopify import row
from tests.factories import make_category, make_user, picture_file

# The worker's sign of life has a connection of its own, which sees only what is committed.
pytestmark = pytest.mark.django_db(transaction=True)


def test_files_are_tried_then_imported_and_a_second_time_nothing_changes(
    importer: Client, sent_folder: Path
) -> None:
    tried = send(importer, goods(row("mug"), row("jug", "Jug", "-3"), row("cup", "Cup")))
    assert tried.status == "waiting"
    assert "waits for its turn" in page(importer, tried)
    assert finished(tried).status == "done"
    counts = {"created": 2, "skipped": 1, "unpriced GBP": 2}
    assert (tried.counts, tried.found["error"]) == (counts, 2)
    assert not Product.objects.exists()
    shown = page(importer, tried)
    assert "nothing was written" in shown
    assert "The price -3 is negative." in shown
    assert "Shopify, recognised by its columns" in shown

    answer = importer.post(reverse("admin:catalog_importrun_import", args=[tried.pk]))
    imported = ImportRun.objects.latest("id")
    assert answer["Location"].endswith(f"/{imported.pk}/change/")
    assert finished(imported).counts == counts
    assert set(Product.objects.values_list("name", flat=True)) == {"Mug", "Cup"}
    assert "Import this now" not in page(importer, imported)

    Change.objects.all().delete()
    again = finished(send(importer, goods(row("mug"), row("cup", "Cup")), button="_import"))
    assert (again.counts["unchanged"], Change.objects.count()) == (2, 0)


def test_what_the_merchant_chose_is_what_is_imported(importer: Client) -> None:
    category = make_category("New in")
    begun = send(
        importer,
        goods(row("mug", published="true")),
        button="_import",
        currency="GBP",
        includes_tax="no",
        publish="no",
        category=str(category.pk),
    )
    finished(begun)
    product = Product.objects.get()
    price = product.variants.get().prices.get()
    assert (price.currency, price.includes_tax, product.is_published) == ("GBP", False, False)
    assert list(product.listings.values_list("category", flat=True)) == [category.pk]


def test_problems_are_downloaded_as_a_table_that_no_spreadsheet_runs(importer: Client) -> None:
    begun = finished(send(importer, goods(row("=cmd()", "Mug", "-1"))))
    answer = importer.get(reverse("admin:catalog_importrun_problems", args=[begun.pk]))
    assert answer["Content-Type"].startswith("text/csv")
    lines = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert [(line["file"], line["line"], line["handle"]) for line in lines] == [
        ("goods.csv", "2", "'=cmd()"),
        ("goods.csv", "2", "'=cmd()"),
    ]


def test_only_so_many_problems_are_kept_and_all_are_counted(
    importer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "MAX_PROBLEMS", 5)
    begun = finished(send(importer, goods(*(row(f"mug{n}", "Mug", "-1") for n in range(8)))))
    assert (begun.found["error"], begun.problems.count()) == (16, 5)
    assert "the first 5 are kept" in page(importer, begun)


def test_magento_with_its_photos_comes_in_a_zip(importer: Client) -> None:
    table = text([good("PEN", base_image="/p/e/pen.png"), good("INK", base_image="/i/n/ink.png")])
    photos = {
        "shop/media/catalog/product/p/e/pen.png": picture_file(format="PNG").read(),
        "__MACOSX/shop/._export.csv": b"\0\0",
    }
    begun = finished(send(importer, packed({"shop/export.csv": table, **photos}), button="_import"))
    assert (begun.source, begun.counts["created"], begun.added["pictures"]) == ("magento", 2, 1)
    assert Image.objects.get().product.name == "Product PEN"
    assert [problem.handle for problem in begun.problems.filter(level="error")] == ["INK"]


def test_tables_without_photos_leave_pictures_alone(importer: Client) -> None:
    table = text([good("PEN", base_image="/p/e/pen.png")])
    begun = finished(send(importer, SimpleUploadedFile("export.csv", table.encode())))
    assert (begun.source, begun.counts["created"], begun.found) == ("magento", 1, {})


@pytest.mark.parametrize("group", ["Merchant", "Support", None])
def test_merchants_import_and_nobody_else(client: Client, group: str | None) -> None:
    options = {"currency": "EUR", "includes_tax": True, "tax_class": 1, "category": None, "publish": None}
    shown = ImportRun.objects.create(source="shopify", options=options, folder="none", files=[])
    user = make_user(is_staff=True)
    if group:
        user.groups.add(Group.objects.get(name=group))
    client.force_login(user)
    allowed = group == "Merchant"
    pages = [reverse("admin:catalog_importrun_changelist"), reverse(ADD)]
    pages += [reverse(f"admin:catalog_importrun_{name}", args=[shown.pk]) for name in ("change", "problems")]
    assert {client.get(url).status_code for url in pages} == ({200} if allowed else {403})
    if allowed:
        assert reverse(ADD) in client.get(reverse("admin:index")).content.decode()
        return
    for name in ("import", "stop", "progress"):
        url = reverse(f"admin:catalog_importrun_{name}", args=[shown.pk])
        assert client.post(url).status_code == 403
    assert client.post(reverse(ADD), form(goods(row()))).status_code == 403
    assert ImportRun.objects.count() == 1


def test_what_was_sent_has_no_address(importer: Client, sent_folder: Path, settings: Any) -> None:
    begun = send(importer, goods(row(), name="../../../media/goods.csv"))
    [kept] = stored(sent_folder)
    assert kept.relative_to(sent_folder).as_posix() == f"{begun.folder}/0"
    assert not Path(settings.MEDIA_ROOT).exists()
    name = kept.relative_to(sent_folder).as_posix()
    for path in (name, f"private/{name}", f"../private/{name}", f"%2e%2e/private/{name}"):
        assert importer.get(f"/media/{path}").status_code == 404, path


def test_files_go_a_week_after_the_last_run_that_used_them(importer: Client, sent_folder: Path) -> None:
    tried = finished(send(importer, goods(row())))
    importer.post(reverse("admin:catalog_importrun_import", args=[tried.pk]))
    imported = finished(ImportRun.objects.latest("id"))
    long_ago = timezone.now() - timedelta(days=8)
    ImportRun.objects.filter(pk=tried.pk).update(created_at=long_ago)
    run.clear_uploads()
    assert len(stored(sent_folder)) == 1
    ImportRun.objects.update(created_at=long_ago)
    run.clear_uploads()
    assert list(sent_folder.glob("imports/*")) == []
    assert "The files are deleted." in page(importer, imported)
    answer = importer.post(reverse("admin:catalog_importrun_import", args=[tried.pk]), follow=True)
    assert "send them again" in answer.content.decode()
    assert ImportRun.objects.count() == 2


def test_a_run_whose_worker_died_goes_on_where_it_was(
    importer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = send(importer, goods(*(row(f"mug{n}", f"Mug {n}") for n in range(120))), button="_import")
    noted = run._note

    def die(*args: Any) -> None:
        noted(*args)
        if args[0].done == 100:
            raise KeyboardInterrupt  # nothing after it is done, as if the process were gone

    monkeypatch.setattr(run, "_note", die)
    with pytest.raises(KeyboardInterrupt):
        run.work(begun.pk)
    monkeypatch.undo()
    begun.refresh_from_db()
    assert (begun.status, begun.done, Product.objects.count()) == ("running", 100, 100)
    assert "100 of 120 products" in page(importer, begun)
    run.work(begun.pk)  # somebody may still be at it: left alone, and looked at later
    assert Product.objects.count() == 100
    assert Message.objects.filter(due_at__gt=timezone.now(), done_at=None).exists()
    ImportRun.objects.update(beat_at=timezone.now() - timedelta(minutes=1))
    run.work(begun.pk)
    begun.refresh_from_db()
    assert (begun.status, begun.counts["created"], begun.done) == ("done", 120, 120)
    run.work(begun.pk)
    assert Product.objects.count() == 120


def test_a_long_import_is_done_in_slices(importer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "LONGEST", 0)  # one batch each
    monkeypatch.setattr(run, "BEAT", 0.01)
    close = Darkroom.close
    # Signs of life go on while the pictures that were begun are finished.
    monkeypatch.setattr(Darkroom, "close", lambda self: (time.sleep(0.1), close(self)))
    rows = [row(f"mug{n}", f"Mug {n}") for n in range(120)]
    begun = send(importer, goods(*rows, row("jug", "Jug", "-1")), button="_import")
    assert finished(begun).counts == {"created": 120, "skipped": 1, "unpriced GBP": 120}
    assert begun.found == {"error": 2}
    assert Message.objects.filter(job=run.JOB).count() == 3


def test_a_slice_is_not_shorter_than_the_reading_before_it(
    importer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "SLICE", 0.0)
    read = run._read
    monkeypatch.setattr(run, "_read", lambda *args: (time.sleep(3), read(*args))[1])
    begun = send(importer, goods(*(row(f"mug{n}", f"Mug {n}") for n in range(120))), button="_import")
    assert finished(begun).counts["created"] == 120
    assert Message.objects.filter(job=run.JOB).count() == 1


def test_an_import_waits_for_another(importer: Client) -> None:
    first, second = send(importer, goods(row())), send(importer, goods(row()))
    ImportRun.objects.filter(pk=first.pk).update(status="running", beat_at=timezone.now())
    run.work(second.pk)
    second.refresh_from_db()
    assert second.status == "waiting"
    ImportRun.objects.filter(pk=first.pk).update(status="done")
    run.work(second.pk)
    second.refresh_from_db()
    assert second.status == "done"


def test_what_breaks_off_every_time_is_given_up(importer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = send(importer, goods(row()))

    def broken(*args: Any, **options: Any) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(uploads, "unpack", broken)
    for _ in range(run.MAX_TRIES):
        with pytest.raises(OSError, match="full"):
            run.work(begun.pk)
        begun.refresh_from_db()
        assert begun.is_open
    run.work(begun.pk)
    begun.refresh_from_db()
    assert begun.status == "failed"
    assert "broke off each time" in page(importer, begun)


def test_what_can_no_longer_be_done_says_why(importer: Client) -> None:
    category = make_category("Gone")
    begun = send(importer, goods(row()), category=str(category.pk))
    category.delete()
    assert finished(begun).status == "failed"
    assert "is not there any more" in page(importer, begun)


def test_a_merchant_stops_it(importer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = send(importer, goods(row()))
    stop = reverse("admin:catalog_importrun_stop", args=[waiting.pk])
    assert importer.get(stop).status_code == 405
    importer.post(stop)
    assert finished(waiting).status == "stopped"
    monkeypatch.setattr(run, "LONGEST", 0)
    begun = send(importer, goods(*(row(f"mug{n}", f"Mug {n}") for n in range(120))), button="_import")
    run.work(begun.pk)
    importer.post(reverse("admin:catalog_importrun_stop", args=[begun.pk]))
    assert finished(begun).status == "stopped"
    assert Product.objects.count() == 50
    assert "Import again" in page(importer, begun)


def test_progress_is_a_part_of_the_page_until_there_is_a_result(importer: Client) -> None:
    begun = send(importer, goods(row()))
    url = reverse("admin:catalog_importrun_progress", args=[begun.pk])
    ImportRun.objects.update(status="trying", done=7, total=20)
    shown = importer.get(url).content.decode()
    assert "7 of 20 products" in shown
    assert 'max="20" value="7"' in shown
    assert "<html" not in shown
    ImportRun.objects.update(status="done")
    assert importer.get(url).status_code == 205


def test_figures_of_a_dry_run_are_seen_while_it_runs(
    importer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = send(importer, goods(*(row(f"mug{n}", f"Mug {n}") for n in range(120))))
    seen = []
    check = run._Pulse.check

    def look(pulse: Any) -> None:
        check(pulse)
        pulse._beat()
        seen.append(ImportRun.objects.values_list("done", "total", "status").get())

    monkeypatch.setattr(run._Pulse, "check", look)
    assert finished(begun).status == "done"
    assert (0, 120, "trying") in seen
    assert (50, 120, "trying") in seen
