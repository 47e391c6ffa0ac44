"""The merchant's import: files in, tried first, loaded by the worker, whatever is wrong with them said."""

import csv
import io
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from catalog.importing import run, uploads
from catalog.models import Image, ImportProblem, ImportRun, Product
from shop.changes.models import Change
from shop.outbox import drain
from shop.outbox.models import Message
from tests.catalog.magento import good, text
from tests.catalog.test_import_shopify import HEADER, row
from tests.factories import make_category, make_tax_class, make_user, picture_file

# The worker's sign of life has a connection of its own, which sees only what is committed.
pytestmark = pytest.mark.django_db(transaction=True)
ADD = "admin:catalog_importrun_add"


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    """Where uploads lie."""
    private = {**settings.STORAGES["private"], "OPTIONS": {"location": tmp_path / "private"}}
    settings.STORAGES = {**settings.STORAGES, "private": private}
    settings.MEDIA_ROOT = tmp_path / "media"
    make_tax_class()
    return tmp_path / "private"


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def goods(*rows: str, name: str = "goods.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, "\n".join((HEADER, *rows)).encode())


def packed(entries: dict[str, bytes | str], name: str = "goods.zip") -> SimpleUploadedFile:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for inside, content in entries.items():
            archive.writestr(inside, content)
    return SimpleUploadedFile(name, held.getvalue())


def form(*files: SimpleUploadedFile, button: str = "_try", **fields: str) -> dict[str, Any]:
    usual = {"source": "", "currency": "EUR", "includes_tax": "yes", "publish": ""}
    usual["tax_class"] = str(make_tax_class().pk)
    return {**usual, "files": list(files), button: "yes", **fields}


def send(desk: Client, *files: SimpleUploadedFile, **fields: str) -> ImportRun:
    """Files in; the run, which nobody has worked at yet."""
    answer = desk.post(reverse(ADD), form(*files, **fields))
    assert answer.status_code == 302, answer.context["fixes"]
    return ImportRun.objects.latest("id")


def refused(desk: Client, *files: SimpleUploadedFile, **fields: str) -> str:
    """What the form says of files that it does not take; nothing is left of them."""
    answer = desk.post(reverse(ADD), form(*files, **fields))
    assert answer.status_code == 200
    assert not ImportRun.objects.exists()
    assert not Message.objects.exists()
    said = [*answer.context["arranged"].form.errors.values()]
    assert said, "the form has taken it"
    return " ".join(str(text) for errors in said for text in errors)


def finished(begun: ImportRun) -> ImportRun:
    drain.drain("low")
    begun.refresh_from_db()
    return begun


def page(desk: Client, shown: ImportRun) -> str:
    return desk.get(reverse("admin:catalog_importrun_change", args=[shown.pk])).content.decode()


def stored(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_files_are_tried_then_imported_and_a_second_time_nothing_changes(desk: Client, folder: Path) -> None:
    tried = send(desk, goods(row("mug"), row("jug", "Jug", "-3"), row("cup", "Cup")))
    assert tried.status == "waiting"
    assert "waits for its turn" in page(desk, tried)
    assert finished(tried).status == "done"
    assert (tried.counts, tried.found["error"]) == ({"created": 2}, 2)
    assert not Product.objects.exists()
    shown = page(desk, tried)
    assert "nothing was written" in shown
    assert "The price -3 is negative." in shown
    assert "Shopify, recognised by its columns" in shown

    answer = desk.post(reverse("admin:catalog_importrun_import", args=[tried.pk]))
    imported = ImportRun.objects.latest("id")
    assert answer["Location"].endswith(f"/{imported.pk}/change/")
    assert finished(imported).counts == {"created": 2}
    assert set(Product.objects.values_list("name", flat=True)) == {"Mug", "Cup"}
    assert "Import this now" not in page(desk, imported)

    Change.objects.all().delete()
    again = finished(send(desk, goods(row("mug"), row("cup", "Cup")), button="_import"))
    assert (again.counts, Change.objects.count()) == ({"unchanged": 2}, 0)


def test_what_the_merchant_chose_is_what_is_imported(desk: Client) -> None:
    category = make_category("New in")
    begun = send(
        desk,
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


def test_problems_are_downloaded_as_a_table_that_no_spreadsheet_runs(desk: Client) -> None:
    begun = finished(send(desk, goods(row("=cmd()", "Mug", "-1"))))
    answer = desk.get(reverse("admin:catalog_importrun_problems", args=[begun.pk]))
    assert answer["Content-Type"].startswith("text/csv")
    lines = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert [(line["file"], line["line"], line["handle"]) for line in lines] == [
        ("goods.csv", "2", "'=cmd()"),
        ("goods.csv", "2", "'=cmd()"),
    ]


def test_only_so_many_problems_are_kept_and_all_are_counted(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "MAX_PROBLEMS", 5)
    begun = finished(send(desk, goods(*(row(f"mug{n}", "Mug", "-1") for n in range(8)))))
    assert (begun.found["error"], begun.problems.count()) == (16, 5)
    assert "the first 5 are kept" in page(desk, begun)


def test_magento_with_its_photos_comes_in_a_zip(desk: Client) -> None:
    table = text([good("PEN", base_image="/p/e/pen.png"), good("INK", base_image="/i/n/ink.png")])
    photos = {
        "shop/media/catalog/product/p/e/pen.png": picture_file(format="PNG").read(),
        "__MACOSX/shop/._export.csv": b"\0\0",
    }
    begun = finished(send(desk, packed({"shop/export.csv": table, **photos}), button="_import"))
    assert (begun.source, begun.counts, begun.added["pictures"]) == ("magento", {"created": 2}, 1)
    assert Image.objects.get().product.name == "Product PEN"
    assert [problem.handle for problem in begun.problems.filter(level="error")] == ["INK"]


def test_tables_without_photos_leave_pictures_alone(desk: Client) -> None:
    table = text([good("PEN", base_image="/p/e/pen.png")])
    begun = finished(send(desk, SimpleUploadedFile("export.csv", table.encode())))
    assert (begun.source, begun.counts, begun.found) == ("magento", {"created": 1}, {})


@pytest.mark.parametrize("group", ["Merchant", "Support", None])
def test_merchants_import_and_nobody_else(client: Client, group: str | None) -> None:
    shown = ImportRun.objects.create(source="shopify", options={}, folder="none", files=[])
    user = make_user(is_staff=True)
    if group:
        user.groups.add(Group.objects.get(name=group))
    client.force_login(user)
    allowed = group == "Merchant"
    pages = [reverse("admin:catalog_importrun_changelist"), reverse(ADD)]
    pages += [
        reverse(f"admin:catalog_importrun_{name}", args=[shown.pk]) for name in ("progress", "problems")
    ]
    assert {client.get(url).status_code for url in pages} == ({200} if allowed else {403})
    if allowed:
        assert reverse(ADD) in client.get(reverse("admin:index")).content.decode()
        return
    for url in (
        reverse(ADD),
        *(reverse(f"admin:catalog_importrun_{n}", args=[1]) for n in ("import", "stop")),
    ):
        assert client.post(url, form(goods(row()))).status_code == 403
    assert client.get(reverse("admin:catalog_importrun_change", args=[shown.pk])).status_code == 403
    assert ImportRun.objects.count() == 1


def test_what_was_sent_has_no_address(desk: Client, folder: Path, settings: Any) -> None:
    begun = send(desk, goods(row(), name="../../../media/goods.csv"))
    [kept] = stored(folder)
    assert kept.relative_to(folder).as_posix() == f"{begun.folder}/0"
    assert not Path(settings.MEDIA_ROOT).exists()
    name = kept.relative_to(folder).as_posix()
    for path in (name, f"private/{name}", f"../private/{name}", f"%2e%2e/private/{name}"):
        assert desk.get(f"/media/{path}").status_code == 404, path


def test_files_go_a_week_after_the_last_run_that_used_them(desk: Client, folder: Path) -> None:
    tried = finished(send(desk, goods(row())))
    desk.post(reverse("admin:catalog_importrun_import", args=[tried.pk]))
    imported = finished(ImportRun.objects.latest("id"))
    long_ago = timezone.now() - timedelta(days=8)
    ImportRun.objects.filter(pk=tried.pk).update(created_at=long_ago)
    run.clear_uploads()
    assert len(stored(folder)) == 1
    ImportRun.objects.update(created_at=long_ago)
    run.clear_uploads()
    assert list(folder.glob("imports/*")) == []
    assert "The files are deleted." in page(desk, imported)
    answer = desk.post(reverse("admin:catalog_importrun_import", args=[tried.pk]), follow=True)
    assert "send them again" in answer.content.decode()
    assert ImportRun.objects.count() == 2


def test_a_run_whose_worker_died_goes_on_where_it_was(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = send(desk, goods(*(row(f"mug{n}", f"Mug {n}") for n in range(120))), button="_import")
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
    assert "100 of 120 products" in page(desk, begun)
    run.work(begun.pk)  # somebody may still be at it: left alone, and looked at later
    assert Product.objects.count() == 100
    assert Message.objects.filter(due_at__gt=timezone.now(), done_at=None).exists()
    ImportRun.objects.update(beat_at=timezone.now() - timedelta(minutes=1))
    run.work(begun.pk)
    begun.refresh_from_db()
    assert (begun.status, begun.counts, begun.done) == ("done", {"created": 120}, 120)
    run.work(begun.pk)
    assert Product.objects.count() == 120


def test_a_long_import_is_done_in_slices(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "SLICE", 0)
    begun = send(
        desk,
        goods(*(row(f"mug{n}", f"Mug {n}") for n in range(120)), row("jug", "Jug", "-1")),
        button="_import",
    )
    assert finished(begun).counts == {"created": 120}
    assert begun.found == {"error": 2}
    assert Message.objects.filter(job=run.JOB).count() == 3


def test_an_import_waits_for_another(desk: Client) -> None:
    first, second = send(desk, goods(row())), send(desk, goods(row()))
    ImportRun.objects.filter(pk=first.pk).update(status="running", beat_at=timezone.now())
    run.work(second.pk)
    second.refresh_from_db()
    assert second.status == "waiting"
    ImportRun.objects.filter(pk=first.pk).update(status="done")
    run.work(second.pk)
    second.refresh_from_db()
    assert second.status == "done"


def test_who_breaks_off_every_time_is_given_up(desk: Client) -> None:
    begun = send(desk, goods(row()))
    for _ in range(run.MAX_TRIES + 1):
        ImportRun.objects.update(beat_at=None)
        assert begun.status != "failed"
        ImportRun.objects.filter(pk=begun.pk).update(tries=models_tries(begun) + 1)
    run.work(begun.pk)
    begun.refresh_from_db()
    assert begun.status == "failed"
    assert "broke off each time" in page(desk, begun)


def models_tries(begun: ImportRun) -> int:
    begun.refresh_from_db()
    return begun.tries


def test_what_can_no_longer_be_done_says_why(desk: Client) -> None:
    category = make_category("Gone")
    begun = send(desk, goods(row()), category=str(category.pk))
    category.delete()
    assert finished(begun).status == "failed"
    assert "is not there any more" in page(desk, begun)


def test_a_merchant_stops_it(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = send(desk, goods(row()))
    stop = reverse("admin:catalog_importrun_stop", args=[waiting.pk])
    assert desk.get(stop).status_code == 405
    desk.post(stop)
    assert finished(waiting).status == "stopped"
    monkeypatch.setattr(run, "SLICE", 0)
    begun = send(desk, goods(*(row(f"mug{n}", f"Mug {n}") for n in range(120))), button="_import")
    run.work(begun.pk)
    desk.post(reverse("admin:catalog_importrun_stop", args=[begun.pk]))
    assert finished(begun).status == "stopped"
    assert Product.objects.count() == 50
    assert "Import again" in page(desk, begun)


def test_progress_is_a_part_of_the_page_until_there_is_a_result(desk: Client) -> None:
    begun = send(desk, goods(row()))
    url = reverse("admin:catalog_importrun_progress", args=[begun.pk])
    ImportRun.objects.update(status="trying", done=7, total=20)
    shown = desk.get(url).content.decode()
    assert "7 of 20 products" in shown
    assert 'max="20" value="7"' in shown
    assert "<html" not in shown
    ImportRun.objects.update(status="done")
    assert desk.get(url).status_code == 205


def test_figures_of_a_dry_run_are_seen_while_it_runs(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = send(desk, goods(*(row(f"mug{n}", f"Mug {n}") for n in range(120))))
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


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([], "Choose a file."),
        ([SimpleUploadedFile("empty.csv", b"")], "empty"),
        ([SimpleUploadedFile("blank.csv", b"\n \n")], "empty"),
        ([SimpleUploadedFile("photo.csv", b"\x89PNG\r\n\x1a\n\0\0\0")], "no CSV file"),
        ([SimpleUploadedFile("noise.csv", bytes(range(256)) * 9)], "no CSV file"),
        ([SimpleUploadedFile("people.csv", b"name,age\nAda,36\n")], "It has: name, age."),
        ([goods(row()), goods(row())], "called goods.csv"),
        ([packed({"a/../../evil.csv": HEADER})], "leads out of it"),
        ([packed({"/etc/evil.csv": HEADER})], "leads out of it"),
        ([packed({"C:/evil.csv": HEADER})], "leads out of it"),
        ([packed({"bomb.csv": b" " * 8_000_000})], "unpacks to far more"),
        ([packed({"readme.txt": b"hello"})], "no CSV file"),
        ([packed({"[Content_Types].xml": b"<x/>"}, name="goods.xlsx")], "Excel"),
        ([SimpleUploadedFile("goods.zip", b"PK\x03\x04 and then nothing")], "damaged"),
        ([goods(row()), SimpleUploadedFile("m.csv", text([good("PEN")]).encode())], "one after the other"),
    ],
)
def test_files_that_cannot_be_used_are_refused_at_their_field(
    desk: Client, folder: Path, files: list[SimpleUploadedFile], said: str
) -> None:
    for file in files:
        file.seek(0)
    assert said in refused(desk, *files)
    assert not folder.exists()


def test_a_link_in_a_zip_is_refused(desk: Client) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        link = zipfile.ZipInfo("goods.csv")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert "leads out of it" in refused(desk, SimpleUploadedFile("goods.zip", held.getvalue()))


def test_what_is_too_large_is_refused(desk: Client, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_CSV", 2_000)
    many = [row(f"mug{n}") for n in range(200)]
    assert "split the table" in refused(desk, goods(*many))
    assert "split the table" in refused(desk, packed({"goods.csv": goods(*many).read()}))
    monkeypatch.setattr(uploads, "MAX_UNPACKED", 1_000)
    assert "when unpacked" in refused(desk, packed({"goods.csv": goods(*many).read()}))
    monkeypatch.setattr(uploads, "MAX_UPLOAD", 500)
    assert "This is more than" in refused(desk, goods(*many))
    assert not folder.exists()


def test_a_zip_is_looked_at_again_when_it_is_unpacked(desk: Client, folder: Path) -> None:
    begun = send(desk, packed({"goods.csv": goods(row()).read()}))
    with (
        packed({"../../evil.csv": HEADER}) as evil,
        storages["private"].open(f"{begun.folder}/0", "wb") as kept,
    ):
        kept.write(evil.read())
    assert finished(begun).status == "failed"
    assert "leads out of it" in begun.failure
    assert not list(folder.parent.rglob("evil.csv"))


def test_a_format_that_is_not_the_files_is_told(desk: Client) -> None:
    assert "By its columns this is Shopify's" in refused(desk, goods(row()), source="magento")


def test_a_form_that_is_wrong_keeps_no_file(desk: Client, folder: Path) -> None:
    assert refused(desk, goods(row()), currency="XXX")
    assert not folder.exists()
    assert not ImportProblem.objects.exists()
