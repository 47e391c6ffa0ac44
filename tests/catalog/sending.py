"""What tests of the merchant's import send, and what they ask of the run."""

import io
import zipfile
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from catalog.models import ImportRun
from shop.outbox import drain
from shop.outbox.models import Message
from tests.catalog.test_import_shopify import HEADER
from tests.factories import make_tax_class

ADD = "admin:catalog_importrun_add"


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
    return {**usual, "sent": list(files), button: "yes", **fields}


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
    drain.drain("low", for_seconds=30)  # one that never comes to its end fails, and does not hang
    begun.refresh_from_db()
    return begun


def page(desk: Client, shown: ImportRun) -> str:
    return desk.get(reverse("admin:catalog_importrun_change", args=[shown.pk])).content.decode()


def stored(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
