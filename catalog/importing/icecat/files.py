"""Files and folders → items: JSON arrays of objects, by themselves or in ZIPs."""

import json
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from django.utils.translation import gettext as _

from catalog.importing.icecat.items import BadItem, Item
from catalog.importing.records import Place, Reading
from catalog.importing.table import Unreadable

MAX_BYTES = 256 * 1024 * 1024  # of one array, unpacked: it is read in one piece
DAMAGE = (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError)
SUFFIXES = (".json", ".zip")


def items(paths: Sequence[Path], reading: Reading) -> Iterator[Item]:
    """Every item that can be used; what cannot is noted. A place counts the objects of its file from 1."""
    for path in _files(paths):
        for name, text in _arrays(path, reading):
            for number, told in enumerate(_objects(name, text, reading), 1):
                place = Place(name, number)
                try:
                    item = Item.read(told, place)
                except BadItem as error:
                    handle = str(told.get("id") or "")[:64] if isinstance(told, dict) else ""
                    reading.error(place, str(error), handle)
                    continue
                reading.count(name, products=1, variants=1)
                yield item


def _files(paths: Sequence[Path]) -> list[Path]:
    """Raises Unreadable where there are none."""
    found: list[Path] = []
    for path in paths:
        inside = [path]
        if path.is_dir():
            inside = sorted(p for p in path.iterdir() if p.is_file() and p.suffix.lower() in SUFFIXES)
        if not inside:
            raise Unreadable(_("There is no JSON file in %s.") % path)
        if not inside[0].is_file():
            raise Unreadable(_("There is no file %s.") % path)
        found += [file for file in inside if file not in found]
    return found


def _arrays(path: Path, reading: Reading) -> Iterator[tuple[str, bytes]]:
    """(name to tell, content) of each array in the file."""
    if not zipfile.is_zipfile(path):
        if path.stat().st_size > MAX_BYTES:
            reading.error(Place(path.name, 1), _too_large())
        else:
            yield path.name, path.read_bytes()
        return
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if _is_array(entry)]
            if not entries:
                reading.error(Place(path.name, 1), _("There is no JSON file in it."))
            for entry in entries:
                name = path.name if len(entries) == 1 else f"{path.name}/{entry.filename}"[:200]
                if entry.file_size > MAX_BYTES:
                    reading.error(Place(name, 1), _too_large())
                    continue
                yield name, archive.read(entry)
    except DAMAGE:
        reading.error(Place(path.name, 1), _("It cannot be unpacked: it is damaged, or locked."))


def _is_array(entry: zipfile.ZipInfo) -> bool:
    """A JSON file, and not what a Mac lays beside it."""
    name = entry.filename
    hidden = "__MACOSX" in name or Path(name).name.startswith(".")
    return name.lower().endswith(".json") and not hidden


def _objects(name: str, text: bytes, reading: Reading) -> list[object]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = _("It is no JSON, or is cut off: %s") % str(error)[:200]
        reading.error(Place(name, getattr(error, "lineno", 1)), reason)
        return []
    if not isinstance(found, list):
        reading.error(Place(name, 1), _("An array of products is expected, as Icecat's files have it."))
        return []
    return found


def _too_large() -> str:
    return _("It has more than %d MB: split it into several.") % (MAX_BYTES // 1024 // 1024)
