"""Magento's content pages: their text without its theme."""

import re
from collections.abc import Collection, Iterable

from django.utils.text import slugify
from django.utils.translation import gettext as _

from catalog import richtext
from catalog.importing.magento.cells import BadRow, flag, plain, required
from catalog.importing.magento.theme import without_directives
from catalog.importing.records import PageRecord, Reading
from catalog.importing.table import Row, Table

OWN = {"home", "no-route", "enable-cookies"}  # the shop makes these itself
_UNSHOWN = re.compile(r"<(script|style|iframe|form|template|nav)\b.*?</\1\s*>", re.S | re.I)
_INWARD = re.compile(r"<a\b[^>]*href=[\"']#[^>]*>(?P<text>.*?)</a>", re.S | re.I)


def pages(tables: Iterable[Table], reading: Reading) -> None:
    """Every page that has a text."""
    rows = [(table, row) for table in tables for row in table.rows(reading, whole=True)]
    known = {slugify(row["identifier"]) for _table, row in rows if row["content"]}
    for table, row in rows:
        try:
            record = _page(row, known, reading)
        except BadRow as error:
            reading.error(row.place, str(error), row["identifier"][:80])
            continue
        if record:
            reading.pages.append(record)
            reading.count(table.name, pages=1)


def _page(row: Row, known: Collection[str], reading: Reading) -> PageRecord | None:
    identifier = required(row, "identifier", 160)
    slug = slugify(identifier)
    if not slug:
        raise BadRow(_("“%s” can be no address.") % identifier[:80])
    if slug in OWN:
        reading.warn(row.place, _("The shop makes this page by itself: %s.") % slug, slug)
        return None
    body = _body(row, slug, known, reading)
    if not richtext.clean(body):
        reading.warn(row.place, _("Nothing of this page can be shown here."), slug)
        return None
    return PageRecord(
        place=row.place,
        slug=slug,
        title=plain(row["content_heading"] or row["title"])[:160] or identifier,
        body=body,
        is_published=flag(row["is_active"], True),
    )


def _body(row: Row, slug: str, known: Collection[str], reading: Reading) -> str:
    text = _UNSHOWN.sub("", _INWARD.sub(r"\g<text>", row["content"]))
    if _UNSHOWN.search(row["content"]):
        reading.warn(row.place, _("Scripts, styles and forms of the page were left out."), slug)
    return without_directives(text, reading, row.place, slug, known=known)
