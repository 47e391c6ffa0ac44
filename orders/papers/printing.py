"""pdf(): an invoice's page as PDF/A-3a and PDF/UA-1, tagged, its fonts within, the same bytes each time."""

import json
import subprocess
import sys
from datetime import UTC, datetime, time
from pathlib import Path
from threading import Lock

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
    words = signs.clean(layout.words(invoice))
    xml = crossindustry.xml(invoice)
    lacks = signs.INSTEAD in json.dumps(words, ensure_ascii=False).replace(words["missing"], "")
    paper = {**words, "fonts": signs.families(), "lacks": lacks, "xml": xml}
    job = Job(
        template=str(TEMPLATE),
        words=json.dumps(paper),
        fonts=[str(folder) for folder in signs.folders()],
        at=int(datetime.combine(invoice.issued_on, time(), UTC).timestamp()),
    )
    try:
        made = _elsewhere(job) if len(words["lines"]) > MANY else _here(job)
    except (typst.TypstError, subprocess.SubprocessError) as error:
        raise NotRendered(f"{invoice}: {error}") from error
    return metadata.declare(made) if xml else made


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
