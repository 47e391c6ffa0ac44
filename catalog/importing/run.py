"""work(): loads the files of an ImportRun in slices: no worker is kept for long, a killed one loses nothing.

A lease in the row says who is at it. A trial goes the same way: it imagines what earlier slices have tried.
"""

import logging
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.importing import formats, uploads
from catalog.importing.load import REFUSED, load
from catalog.importing.plan import Plan
from catalog.importing.records import Problem, Reading
from catalog.importing.report import Report
from catalog.importing.table import Unreadable
from catalog.models import Category, ImportProblem, ImportRun, TaxClass
from shop.changes import projector
from shop.outbox import outbox

logger = logging.getLogger(__name__)

JOB, QUEUE = "catalog.run_import", "low"
SLICE = 45.0  # seconds behind the reading, or as long as that took: no more than half of the work is reading
LONGEST = 300.0  # seconds: with its reading well inside what RQ allows
LEASE = timedelta(seconds=30)  # without a sign of life: the worker has died
AGAIN = timedelta(seconds=10)
BEAT = 1.0  # seconds between signs of life
MAX_TRIES = 4  # without any progress, fewer than the outbox's own
MAX_PROBLEMS = 5_000  # rows that are kept of a run
AHEAD = timedelta(hours=2)  # before the pictures that an earlier import has left to be rendered
KEEP = timedelta(days=7)  # the uploaded files
Status = ImportRun.Status


class Lost(Exception):
    """Somebody else has the run by now, or it is over."""


class Stopped(Exception):
    """A person has asked for it."""


def begin(run: ImportRun) -> None:
    """Enqueues it; in the transaction that wrote the row."""
    outbox.enqueue(JOB, run.pk, queue=QUEUE, ahead=AHEAD)


def work(run_id: int) -> None:
    """One slice of the run. Called twice, or while another is at it, it does no harm."""
    run = _taken(run_id)
    if run is None:
        if ImportRun.objects.filter(pk=run_id, status__in=ImportRun.OPEN).exists():
            # Somebody is at it or at another one, or has just died: looked at again when that is known.
            outbox.enqueue(JOB, run_id, queue=QUEUE, due_in=AGAIN)
        return
    if run.tries > MAX_TRIES:
        _close(run, Status.FAILED, _("It was tried several times and broke off each time."))
        return
    try:
        is_over = _slice(run)
    except Lost:
        return
    except Stopped:
        _close(run, Status.STOPPED)
    except (Unreadable, uploads.Refused) as error:
        _close(run, Status.FAILED, str(error))
    except (DatabaseError, InterfaceError, OSError):
        _release(run)
        raise  # the outbox tries again
    except Exception as error:
        logger.exception("Import %d failed.", run.pk)
        _close(run, Status.FAILED, _("Something went wrong: %s") % str(error).partition("\n")[0])
    else:
        if is_over:
            _close(run, Status.DONE)
        else:
            _release(run)
            begin(run)
    projector.ring()


def clear_uploads() -> None:
    """A round of the relay: files of imports go a week after the last run that used them."""
    old = ImportRun.objects.filter(are_files_kept=True, created_at__lt=timezone.now() - KEEP)
    for folder, files in old.values_list("folder", "files")[:20]:
        users = ImportRun.objects.filter(folder=folder)
        if users.filter(Q(created_at__gte=timezone.now() - KEEP) | Q(status__in=ImportRun.OPEN)).exists():
            continue
        uploads.forget(folder, len(files))
        users.update(are_files_kept=False)


class _Pulse(threading.Thread):
    """Beats each second over a connection of its own: what its worker is at may take longer."""

    def __init__(self, run: ImportRun) -> None:
        super().__init__(name="import-pulse", daemon=True)
        self.run_id, self.holder = run.pk, run.holder
        self.total = run.total
        self.is_lost = self.is_stopped = False
        self._over = threading.Event()

    def run(self) -> None:
        try:
            while not self._over.wait(BEAT):
                try:
                    self._beat()
                except (DatabaseError, InterfaceError) as error:
                    logger.warning("An import's sign of life was not written: %s", error)
                    connection.close()
        finally:
            connection.close()

    def _beat(self) -> None:
        held = ImportRun.objects.filter(pk=self.run_id, holder=self.holder)
        # How far it is, _note() says: the next slice begins there.
        held.update(beat_at=Now(), total=self.total)
        asked = held.values_list("is_stop_asked", flat=True).first()
        self.is_lost, self.is_stopped = asked is None, bool(asked)

    def end(self) -> None:
        """Waits for the last beat."""
        self._over.set()
        self.join()

    def check(self) -> None:
        """Raises what makes going on pointless."""
        if self.is_lost:
            raise Lost
        if self.is_stopped:
            raise Stopped


def _taken(run_id: int) -> ImportRun | None:
    """The run, leased to the caller; None if there is nothing to do about it now: one import at a time."""
    alive = ImportRun.objects.filter(beat_at__gte=Now() - LEASE, status__in=ImportRun.OPEN)
    if alive.exclude(pk=run_id).exists():
        return None
    holder = uuid.uuid4()
    free = ImportRun.objects.filter(pk=run_id, status__in=ImportRun.OPEN)
    free = free.filter(Q(beat_at=None) | Q(beat_at__lt=Now() - LEASE))
    if not free.update(holder=holder, beat_at=Now(), tries=F("tries") + 1):
        return None
    return ImportRun.objects.get(pk=run_id)


def _slice(run: ImportRun) -> bool:
    """Whether that was the last one."""
    if run.is_stop_asked:
        raise Stopped
    plan = _plan(run)
    status = Status.TRYING if run.is_trial else Status.RUNNING
    start = run.done
    if not start:
        run.problems.all().delete()
        run.counts, run.added, run.found, run.done = {}, {}, {}, 0
    _write(run, status=status, done=start, counts=run.counts, added=run.added, found=run.found)
    with _beating(run) as pulse, tempfile.TemporaryDirectory(prefix="import-") as folder:
        began = time.monotonic()
        reading = _read(run, Path(folder))
        read = time.monotonic()
        end = read + min(max(SLICE, read - began), LONGEST)
        pulse.total = run.total = len(reading.products)
        report, fresh = Report(), reading.problems if not start else []
        refused = run.problems.filter(topic=REFUSED).values_list("file", "line")
        loading = load(reading, plan, report, start, set(refused))
        try:
            for count in loading:
                run.done += count
                pulse.check()
                _note(run, report, fresh)
                fresh = []
                if time.monotonic() > end and run.done < run.total:
                    return False
            pulse.check()
        finally:
            loading.close()  # type: ignore[attr-defined]
        _note(run, report, fresh)
    return True


@contextmanager
def _beating(run: ImportRun) -> Iterator[_Pulse]:
    pulse = _Pulse(run)
    pulse.start()
    try:
        yield pulse
    finally:
        pulse.end()


def _read(run: ImportRun, folder: Path) -> Reading:
    uploads.unpack(run.folder, [str(file["name"]) for file in run.files], folder)
    found = uploads.tables(folder)
    photos = uploads.pictures(folder)
    return formats.READERS[run.source](
        [folder] if run.source == "magento" else found, images=photos, with_images=photos is not None
    )


def _plan(run: ImportRun) -> Plan:
    options = run.options
    tax_class = TaxClass.objects.filter(pk=options["tax_class"]).first()
    category = Category.objects.filter(pk=options["category"]).first() if options["category"] else None
    if tax_class is None or (options["category"] and category is None):
        raise Unreadable(_("The tax class or the category that was chosen is not there any more."))
    return Plan(
        currency=options["currency"],
        includes_tax=options["includes_tax"],
        tax_class=tax_class,
        category=category,
        publish=options["publish"],
        recount=options["recount"],
        keep=not run.is_trial,
    )


def _note(run: ImportRun, report: Report, others: list[Problem]) -> None:
    """Writes what the report says, and empties it: figures add up over slices."""
    problems = [*others, *report.problems]
    run.counts = dict(Counter(run.counts) + report.outcomes)
    run.added = dict(Counter(run.added) + report.added)
    room = MAX_PROBLEMS - sum(run.found.values())
    run.found = dict(Counter(run.found) + Counter(problem.level for problem in problems))
    with transaction.atomic():
        ImportProblem.objects.bulk_create(
            [_row(run, problem) for problem in problems[: max(room, 0)]], batch_size=1_000
        )
        _write(
            run, done=run.done, total=run.total, counts=run.counts, added=run.added, found=run.found, tries=0
        )
    report.outcomes.clear()
    report.added.clear()
    report.problems.clear()


def _row(run: ImportRun, problem: Problem) -> ImportProblem:
    def clean(text: str, most: int) -> str:
        return text.replace("\0", "")[:most]

    return ImportProblem(
        run=run,
        level=problem.level,
        file=clean(problem.place.file, 255),
        line=problem.place.line,
        handle=clean(problem.handle, 255),
        reason=clean(problem.reason, 2_000),
        topic=problem.topic,
    )


def _write(run: ImportRun, **fields: object) -> None:
    if not ImportRun.objects.filter(pk=run.pk, holder=run.holder).update(beat_at=Now(), **fields):
        raise Lost


def _release(run: ImportRun) -> None:
    """The next one need not wait for the lease."""
    ImportRun.objects.filter(pk=run.pk, holder=run.holder).update(holder=None, beat_at=None)


def _close(run: ImportRun, status: str, failure: str = "") -> None:
    ImportRun.objects.filter(pk=run.pk, holder=run.holder).update(
        status=status, failure=failure[:500], finished_at=Now(), holder=None, beat_at=None
    )
