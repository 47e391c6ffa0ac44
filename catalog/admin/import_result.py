"""What the page of an import shows: how far it is, what became of the goods, and what is to be looked at."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Case, When
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalog import images
from catalog.importing import formats, run
from catalog.importing.records import Place, Problem
from catalog.importing.report import told, unpriced
from catalog.models import Category, ImportRun, TaxClass
from shop.desk.cells import grouped, moment, pill

SHOWN = 100  # problems on the page; the file to download has all that are kept
LONG_WAIT = timedelta(seconds=30)
Status = ImportRun.Status
TONES: Mapping[str, str] = {Status.DONE: "good", Status.FAILED: "bad", Status.STOPPED: "quiet"}


def tone(shown: ImportRun) -> str:
    """The colour of its dot."""
    return TONES.get(shown.status, "low")


def progress(shown: ImportRun) -> dict[str, Any]:
    """What changes from second to second."""
    if shown.status == Status.WAITING:
        text = _("It waits for its turn.")
        if timezone.now() - shown.created_at > LONG_WAIT:
            text = _("It waits for a worker: another import is at work, or none is running.")
    elif shown.total is None:
        text = _("The files are being read …")
    else:
        said = {"done": grouped(shown.done), "total": grouped(shown.total)}
        text = _("%(done)s of %(total)s products") % said
    if shown.is_stop_asked:
        text = _("It stops after what it is at. %s") % text
    return {
        "run": shown,
        "pill": pill(tone(shown), shown.get_status_display()),
        "progress_text": text,
        "errors": shown.found.get("error", 0),
        "pictures_text": pictures(shown),
    }


def pictures(shown: ImportRun) -> str:
    """How many of its pictures buyers cannot see yet; empty: none, or it was a trial."""
    brought = shown.added.get("pictures", 0)
    to_go = min(images.waiting(), brought) if brought and not shown.is_trial else 0
    if not to_go:
        return ""
    text = ngettext(
        "%(number)s picture is being prepared; %(left)s to go.",
        "%(number)s pictures are being prepared; %(left)s to go.",
        brought,
    )
    return text % {"number": grouped(brought), "left": grouped(to_go)}


def facts(shown: ImportRun) -> list[tuple[str, Any]]:
    """What was sent, and how it was to be read."""
    options = shown.options
    files = ", ".join(f"{file['name']} ({filesizeformat(file['size'])})" for file in shown.files)
    source = formats.NAMES.get(shown.source, shown.source)
    if options.get("was_recognised"):
        source = _("%s, recognised by its columns") % source
    taxed = _("include the tax") if options["includes_tax"] else _("are without tax")
    published = {
        None: _("those that the file publishes"),
        True: _("all of them"),
        False: _("none of them"),
    }
    category = Category.objects.filter(pk=options["category"]).first() if options["category"] else None
    found = [
        (_("Files"), files),
        (_("Format"), source),
        (_("Prices"), f"{options['currency']}, {taxed}"),
        (_("Tax class"), TaxClass.objects.filter(pk=options["tax_class"]).first() or "–"),
        (_("Published are"), published[options["publish"]]),
        (_("Also listed in"), category),
        (_("Started"), moment(shown.created_at)),
        (_("By"), shown.started_by),
        (_("Took"), _took(shown)),
    ]
    return [(label, value) for label, value in found if value]


def result(shown: ImportRun) -> dict[str, Any]:
    """What became of it, once it is over."""
    kept = shown.problems.count()
    is_counted = Case(When(level="warning", topic__gt="", then=1), default=0)
    return {
        "outcomes": [
            (capfirst(label), grouped(shown.counts.get(key, 0))) for key, label in _outcomes(shown.is_trial)
        ],
        "around": ", ".join(_around(shown.added)),
        "notes": [*_partial(shown), *unpriced(shown.counts)],
        "pictures_text": pictures(shown),
        "heading": _heading(shown.found),
        "counted": _counted(shown),
        "problems": [
            (pill("bad" if row.level == "error" else "low", _level(row.level)), _short(row.file), row)
            # Errors first; and sorts that the sentences above count do not hide the others.
            for row in shown.problems.order_by("level", is_counted, "file", "line", "pk")[:SHOWN]
        ],
        "unshown": grouped(kept - SHOWN) if kept > SHOWN else "",
        "unkept": grouped(run.MAX_PROBLEMS) if sum(shown.found.values()) > kept else "",
        "can_import": shown.are_files_kept and (shown.is_trial or shown.status != Status.DONE),
        "deleted_on": shown.created_at + run.KEEP,
    }


def problems(shown: ImportRun) -> Iterator[Problem]:
    """All that are kept, as the command's table writes them."""
    for row in shown.problems.order_by("file", "line", "pk").iterator():
        level = "error" if row.level == "error" else "warning"
        yield Problem(level, Place(row.file, row.line), row.handle, row.reason, row.topic)  # type: ignore[arg-type]


def _outcomes(is_trial: bool) -> list[tuple[str, str]]:
    if is_trial:
        return [
            ("created", _("would be new")),
            ("updated", _("would change")),
            ("unchanged", _("stay as they are")),
            ("skipped", _("would be left out")),
        ]
    return [
        ("created", _("new")),
        ("updated", _("changed")),
        ("unchanged", _("unchanged")),
        ("skipped", _("left out")),
    ]


def _around(added: Mapping[str, int]) -> Iterator[str]:
    """12 categories, 300 pictures …"""
    counted = {
        "categories": lambda n: ngettext("%s category", "%s categories", n),
        "pictures": lambda n: ngettext("%s picture", "%s pictures", n),
        "links": lambda n: ngettext("%s link", "%s links", n),
        "reviews": lambda n: ngettext("%s review", "%s reviews", n),
        "pages": lambda n: ngettext("%s page", "%s pages", n),
        "tax_rates": lambda n: ngettext("%s tax rate", "%s tax rates", n),
    }
    for kind, name in counted.items():
        if number := added.get(kind, 0):
            yield name(number) % grouped(number)


def _partial(shown: ImportRun) -> Iterator[str]:
    if number := shown.counts.get("incomplete", 0):
        text = ngettext(
            "%s of the products came in without some of its variants.",
            "%s of the products came in without some of their variants.",
            number,
        )
        yield text % grouped(number)


def _heading(found: Mapping[str, int]) -> str:
    errors, warnings = found.get("error", 0), found.get("warning", 0)
    parts = [
        ngettext("%s error", "%s errors", errors) % grouped(errors) if errors else "",
        ngettext("%s warning", "%s warnings", warnings) % grouped(warnings) if warnings else "",
    ]
    return ", ".join(filter(None, parts))


def _counted(shown: ImportRun) -> list[str]:
    """Sorts of warnings that come in great numbers, each in a sentence."""
    rows = shown.problems.filter(level="warning").exclude(topic="")
    counts = Counter(rows.values_list("topic", flat=True))
    return [told(topic, count) for topic, count in counts.items()]


def _short(file: str) -> str:
    """The name with its folder: a ZIP may lie deep."""
    parts = file.split("/")
    return file if len(parts) < 3 else "…/" + "/".join(parts[-2:])


def _level(level: str) -> str:
    return _("error") if level == "error" else _("warning")


def _took(shown: ImportRun) -> str:
    if shown.finished_at is None:
        return ""
    seconds = max(round((shown.finished_at - shown.created_at).total_seconds()), 1)
    if seconds < 100:
        return ngettext("%d second", "%d seconds", seconds) % seconds
    return _("%d minutes") % round(seconds / 60)
