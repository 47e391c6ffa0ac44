"""pdf(): an invoice's page as PDF/A-3a and PDF/UA-1, tagged, its fonts within, the same bytes each time."""

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from threading import Lock
from typing import Any

import typst
from django.conf import settings

from orders.models import Invoice
from orders.papers import crossindustry, layout, metadata, press, signs
from orders.papers.press import Job

TEMPLATE = Path(settings.BASE_DIR) / "templates" / "invoices" / "paper.typ"
MANY = 150  # lines: a paper of more is set by a process of its own, which gives back the memory
PATIENCE = 120  # seconds for that
_one_at_a_time = Lock()


class NotRendered(Exception):
    """The page could not be set."""


def pdf(invoice: Invoice) -> bytes:
    """Its PDF; with the electronic invoice inside where the seller needs one. NotRendered says why not."""
    xml = crossindustry.xml(invoice)
    words = {**layout.words(invoice), "xml": xml}
    made = printed(TEMPLATE, words, on=invoice.issued_on, about=str(invoice))
    return metadata.declare(made) if xml else made


def printed(template: Path, words: Mapping[str, Any], *, on: date, about: str) -> bytes:
    """A paper of these words, as that template sets it. They have `lines`, and say what is `missing`."""
    xml = words.get("xml")
    clean = signs.clean({name: said for name, said in words.items() if name != "xml"})
    lacks = signs.INSTEAD in json.dumps(clean, ensure_ascii=False).replace(clean["missing"], "")
    job = Job(
        template=str(template),
        words=json.dumps({**clean, "fonts": signs.families(), "lacks": lacks, "xml": xml}),
        fonts=[str(folder) for folder in signs.folders()],
        at=int(datetime.combine(on, time(), UTC).timestamp()),
    )
    try:
        return _elsewhere(job) if len(clean["lines"]) > MANY else _here(job)
    except (typst.TypstError, subprocess.SubprocessError) as error:
        raise NotRendered(f"{about}: {error}") from error


def _here(job: Job) -> bytes:
    with _one_at_a_time:
        return press.press(job)


def _elsewhere(job: Job) -> bytes:
    command = [sys.executable, "-m", press.__name__]
    done = subprocess.run(
        command, input=json.dumps(job).encode(), cwd=settings.BASE_DIR, capture_output=True, timeout=PATIENCE
    )
    if done.returncode:
        raise subprocess.SubprocessError(done.stderr.decode(errors="replace")[-2_000:])
    return done.stdout
