"""pdf(): an invoice's file, as it lies in the private storage; made again on the spot if it is lost."""

import hashlib
import logging
from contextlib import suppress

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.http import HttpResponse
from django.utils.http import content_disposition_header

from orders.models import Invoice, InvoiceFile
from orders.papers import layout, printing

logger = logging.getLogger(__name__)


def pdf(invoice: Invoice) -> bytes:
    """The bytes, whose digest is the one that was noted. printing.NotRendered if there are none to be had."""
    stored = InvoiceFile.objects.filter(invoice=invoice).first()
    if stored is not None and (kept := read(stored)) is not None:
        return kept
    made = printing.pdf(invoice)
    try:
        keep(invoice, made)
    except OSError as error:  # it is handed over all the same, and kept the next time
        logger.warning("The storage did not take invoice %s: %s", invoice, error)
    return made


def read(stored: InvoiceFile) -> bytes | None:
    """What the storage has; None if that is nothing, or not what was put there."""
    try:
        with storages["private"].open(stored.name) as file:
            found = bytes(file.read())
    except OSError as error:
        logger.warning("The storage has lost %s: %s", stored, error)
        return None
    if hashlib.sha256(found).hexdigest() != stored.sha256:
        logger.warning("%s is not what was stored under that name.", stored)
        return None
    return found


def keep(invoice: Invoice, made: bytes) -> InvoiceFile:
    """Lays the file down under a name made of its content, and notes it. Two that do so lay down the same."""
    digest = hashlib.sha256(made).hexdigest()
    name = f"invoices/{invoice.series_id}/{invoice.label}-{digest[:32]}.pdf"
    storage = storages["private"]
    with suppress(FileNotFoundError):
        storage.delete(name)  # it may be a damaged one
    values = {"name": storage.save(name, ContentFile(made)), "sha256": digest, "size": len(made)}
    stored, _is_new = InvoiceFile.objects.update_or_create(invoice=invoice, defaults=values)
    return stored


def download(invoice: Invoice) -> HttpResponse:
    """The answer to who asks for it: a file to be kept, and not to be shown as anything else."""
    headers = {
        "Content-Disposition": content_disposition_header(True, filename(invoice)),
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(pdf(invoice), content_type="application/pdf", headers=headers)


def filename(invoice: Invoice) -> str:
    """What it is called on the reader's disk."""
    return f"{layout.title(invoice)} {invoice.label}.pdf".replace(" ", "-").lower()
