"""pdf(): an invoice's page as PDF/A-3a and PDF/UA-1, tagged, its fonts within, the same bytes each time."""

import json
from datetime import UTC, datetime, time
from functools import cache
from pathlib import Path
from threading import Lock

import typst
from django.conf import settings

from orders.models import Invoice
from orders.papers import crossindustry, layout, metadata, signs

FOLDER = Path(settings.BASE_DIR) / "templates" / "invoices"
STANDARDS: list["typst.PDFStandard"] = ["a-3a", "ua-1"]
_one_at_a_time = Lock()  # the compiler is kept, for its fonts and for what pages have in common


class NotRendered(Exception):
    """The page could not be set."""


def pdf(invoice: Invoice) -> bytes:
    """Its PDF; with the electronic invoice inside where the seller needs one. NotRendered says why not."""
    words = signs.clean(layout.words(invoice))
    xml = crossindustry.xml(invoice)
    lacks = signs.INSTEAD in json.dumps(words, ensure_ascii=False).replace(words["missing"], "")
    paper = {**words, "fonts": signs.families(), "lacks": lacks, "xml": xml}
    at = datetime.combine(invoice.issued_on, time(), UTC)
    try:
        with _one_at_a_time:
            made = _compiler().compile(
                sys_inputs={"paper": json.dumps(paper)}, pdf_standards=STANDARDS, timestamp=at
            )
    except typst.TypstError as error:
        raise NotRendered(f"{invoice}: {error}") from error
    assert isinstance(made, bytes)
    return metadata.declare(made) if xml else made


@cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(
        FOLDER / "paper.typ", root=FOLDER, font_paths=signs.folders(), ignore_system_fonts=True
    )
