"""Files that cannot be used are refused at their field: nothing is kept of them, and nothing runs."""

import io
import zipfile
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from catalog.importing import uploads
from catalog.models import ImportProblem
from tests.catalog.magento import good, text
from tests.catalog.sending import finished, goods, packed, refused, send
from tests.catalog.test_import_shopify import HEADER, row

pytestmark = pytest.mark.django_db(transaction=True)


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
    importer: Client, sent_folder: Path, files: list[SimpleUploadedFile], said: str
) -> None:
    for file in files:
        file.seek(0)
    assert said in refused(importer, *files)
    assert not sent_folder.exists()


def test_a_sign_that_the_first_look_cuts_in_two_is_no_damage() -> None:
    start = text([good("PEN", name="Pen")]).encode().removesuffix(b"\n")
    whole = start + b"\n" + b"x" * (uploads.PEEK - len(start) - 3) + "⁂\n".encode()
    assert whole[: uploads.PEEK].endswith(b"\xe2\x81")
    assert uploads.check([SimpleUploadedFile("goods.csv", whole)]) == "magento"


def test_a_link_in_a_zip_is_refused(importer: Client) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        link = zipfile.ZipInfo("goods.csv")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert "leads out of it" in refused(importer, SimpleUploadedFile("goods.zip", held.getvalue()))


def test_what_is_too_large_is_refused(
    importer: Client, sent_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MAX_CSV", 2_000)
    many = [row(f"mug{n}") for n in range(200)]
    assert "split the table" in refused(importer, goods(*many))
    assert "split the table" in refused(importer, packed({"goods.csv": goods(*many).read()}))
    monkeypatch.setattr(uploads, "MAX_UNPACKED", 1_000)
    assert "when unpacked" in refused(importer, packed({"goods.csv": goods(*many).read()}))
    monkeypatch.setattr(uploads, "MAX_UPLOAD", 500)
    assert "This is more than" in refused(importer, goods(*many))
    assert not sent_folder.exists()


def test_a_zip_is_looked_at_again_when_it_is_unpacked(importer: Client, sent_folder: Path) -> None:
    begun = send(importer, packed({"goods.csv": goods(row()).read()}))
    with storages["private"].open(f"{begun.folder}/0", "wb") as kept:
        kept.write(packed({"../../evil.csv": HEADER}).read())
    assert finished(begun).status == "failed"
    assert "leads out of it" in begun.failure
    assert not list(sent_folder.parent.rglob("evil.csv"))


def test_a_format_that_is_not_the_files_is_told(importer: Client) -> None:
    assert "By its columns this is Shopify's" in refused(importer, goods(row()), source="magento")


def test_a_form_that_is_wrong_keeps_no_file(importer: Client, sent_folder: Path) -> None:
    assert refused(importer, goods(row()), currency="XXX")
    assert not sent_folder.exists()
    assert not ImportProblem.objects.exists()
