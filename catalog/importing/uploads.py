"""Files that a merchant sends: checked before anything is kept, kept where no address leads, then unpacked.

Nothing in a ZIP is believed: names, sizes and kinds are checked when it comes, and again when it is unpacked.
"""

import re
import shutil
import stat
import uuid
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import IO

from django.core.files.storage import Storage, storages
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from catalog.importing import formats
from catalog.importing.magento.gallery import FOLDERS
from catalog.importing.records import Reading
from catalog.importing.table import Unreadable, as_table, wide

MB = 1024 * 1024
MAX_UPLOAD = 150 * MB  # everything that is sent at once
MAX_CSV = 64 * MB  # of one table: it is read in one piece
MAX_UNPACKED = 600 * MB  # of a ZIP
MAX_ENTRIES = 20_000
MAX_RATIO = 200  # times that something larger than RATIO_FROM may be smaller when packed
RATIO_FROM = 5 * MB
PEEK = 256 * 1024  # bytes of a file that tell what it is
PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif"}
ZIP_MAGIC = b"PK\x03\x04"
OTHERS = (b"\x89PNG", b"\xff\xd8", b"GIF8", b"%PDF")
CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")  # signs that no text has
EXCEL = "[Content_Types].xml"
DAMAGE = (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError)


class Refused(Exception):
    """The files are not taken; the text says why, and what to do."""


def check(files: Sequence[UploadedFile]) -> str:
    """The format of the files, by their columns; Refused says what is wrong."""
    if sum(file.size or 0 for file in files) > MAX_UPLOAD:
        raise Refused(_("This is more than %d MB: send it in several parts.") % (MAX_UPLOAD // MB))
    names = [_plain(_name(file)).casefold() for file in files]
    for file, name in zip(files, names, strict=True):
        if names.count(name) > 1:
            raise Refused(_("Two of the files are called %s: rename one.") % _name(file))
    headers = [header for file in files for header in _headers(file)]
    known = {found for _file, found, _columns in headers if found}
    if len(known) > 1:
        raise Refused(
            _("Some of these files are Shopify's and some Magento's: send them one after the other.")
        )
    if not known:
        name, _found, columns = headers[0]
        reason = _(
            "%(name)s has neither Shopify's columns (Handle, Title, Variant Price) nor Magento's"
            " (sku, name, price …). It has: %(columns)s."
        )
        raise Refused(reason % {"name": name, "columns": columns or "–"})
    return known.pop()


def keep(files: Iterable[UploadedFile]) -> tuple[str, list[dict[str, object]]]:
    """Stores them; the folder and what lies in it, for the run's row."""
    folder = f"imports/{uuid.uuid4().hex}"
    kept: list[dict[str, object]] = []
    for number, file in enumerate(files):
        file.seek(0)
        _storage().save(_kept(folder, number), file)
        kept.append({"name": _name(file), "size": file.size})
    return folder, kept


def forget(folder: str, count: int) -> None:
    """Deletes what was kept."""
    for number in range(count):
        _storage().delete(_kept(folder, number))
    _storage().delete(folder)


def unpack(folder: str, names: Sequence[str], into: Path) -> None:
    """Lays the kept files into a folder of this machine, ZIPs unpacked."""
    for number, name in enumerate(names):
        with _storage().open(_kept(folder, number)) as kept:
            if not _is_zip(kept):
                with (into / _plain(name)).open("wb") as file:
                    shutil.copyfileobj(kept, file)
                continue
            root = into if len(names) == 1 else into / f"zip-{number + 1}"
            with _opened(kept, name) as archive:
                for entry in _entries(archive, name):
                    target = root / entry.filename
                    target.parent.mkdir(parents=True, exist_ok=True)
                    try:
                        with archive.open(entry) as source, target.open("wb") as file:
                            shutil.copyfileobj(source, file)
                    except DAMAGE as error:
                        raise Refused(_damaged(name)) from error


def tables(folder: Path) -> list[Path]:
    """The CSV files in it, wherever."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix.lower() == ".csv")


def pictures(folder: Path) -> Path | None:
    """Where readers begin to look for photos: beside Magento's media, if they are there; None: no photos."""
    found = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix.lower() in PICTURES)
    if not found:
        return None
    for above in sorted({above for path in found for above in path.parents}, key=lambda p: len(p.parts)):
        if above.is_relative_to(folder) and any((above / known).is_dir() for known in FOLDERS):
            return above
    steps = {path.relative_to(folder).parts for path in found}
    only = {parts[0] for parts in steps}
    # photos/m/b/mb01.jpg is called /m/b/mb01.jpg in the table
    return folder / only.pop() if len(only) == 1 and all(len(parts) > 1 for parts in steps) else folder


def _storage() -> Storage:
    return storages["private"]


def _kept(folder: str, number: int) -> str:
    """No name of a merchant's comes near the storage."""
    return f"{folder}/{number}"


def _name(file: UploadedFile) -> str:
    return (file.name or "")[:200]


def _plain(name: str) -> str:
    """A name that stays in its folder and that readers take for a table."""
    name = PurePosixPath(name.replace("\\", "/").replace("\0", "")).name or "table"
    name = name if len(name.encode()) < 200 else name.encode()[:200].decode(errors="ignore")
    return name if name.lower().endswith(".csv") else f"{name}.csv"


def _headers(file: UploadedFile) -> Iterator[tuple[str, str, str]]:
    """(name, format or nothing, columns) of each table in the file."""
    name = _name(file)
    if not file.size:
        raise Refused(_("%s is empty.") % name)
    if not _is_zip(file):
        if file.size > MAX_CSV:
            raise Refused(_too_large(name))
        file.seek(0)
        yield name, *_recognised(file.read(PEEK), _plain(name), name)
        return
    with _opened(file, name) as archive:
        entries = [entry for entry in _entries(archive, name) if entry.filename.lower().endswith(".csv")]
        if not entries:
            raise Refused(
                _("%s is an Excel workbook: save it as CSV first.") % name
                if EXCEL in archive.namelist()
                else _("There is no CSV file in %s.") % name
            )
        for entry in entries:
            try:
                with archive.open(entry) as opened:
                    start = opened.read(PEEK)
            except DAMAGE as error:
                raise Refused(_damaged(name)) from error
            if start.strip():
                yield entry.filename, *_recognised(start, entry.filename, entry.filename)


def _recognised(start: bytes, name: str, called: str) -> tuple[str, str]:
    """(format, columns) by the beginning of a table."""
    header = start.partition(b"\n")[0]
    if not wide(start) and (header.startswith(OTHERS) or CONTROL.search(header)):
        raise Refused(_("%s is no CSV file. Photos go into a ZIP together with the table.") % called)
    try:
        whole = start if wide(start) or len(start) < PEEK else start[: start.rfind(b"\n") + 1] or start
        table = as_table(whole, Reading(), name)
    except Unreadable as error:
        raise Refused(f"{called}: {error}") from error
    columns = ", ".join(column for column in table.header if column)[:120]
    return formats.guess(table), "".join(sign for sign in columns if sign.isprintable())


def _is_zip(file: IO[bytes] | UploadedFile) -> bool:
    file.seek(0)
    magic = file.read(len(ZIP_MAGIC))
    file.seek(0)
    return bool(magic == ZIP_MAGIC)


def _opened(file: IO[bytes] | UploadedFile, name: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except (*DAMAGE, ValueError, OSError) as error:
        raise Refused(_damaged(name)) from error


def _entries(archive: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    """Tables and photos of the ZIP; Refused if anything in it is not as it should be."""
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise Refused(_("%(name)s holds more than %(count)d files.") % {"name": name, "count": MAX_ENTRIES})
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        reason = _("%(name)s would be larger than %(size)d MB when unpacked: send it in several parts.")
        raise Refused(reason % {"name": name, "size": MAX_UNPACKED // MB})
    found = []
    for entry in entries:
        path = PurePosixPath(entry.filename)
        said = {"name": name, "inside": entry.filename[:120]}
        if (
            path.is_absolute()
            or ".." in path.parts
            or any(sign in entry.orig_filename for sign in "\\\0")
            or entry.filename[1:2] == ":"  # a drive of Windows
            or stat.S_ISLNK(entry.external_attr >> 16)
            or any(len(part.encode()) > 255 for part in path.parts)
        ):
            raise Refused(_("A name in %(name)s leads out of it: %(inside)s. Pack it anew.") % said)
        if entry.flag_bits & 1:
            raise Refused(_("%s is locked with a password.") % name)
        if entry.file_size > RATIO_FROM and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
            raise Refused(_("%(inside)s in %(name)s unpacks to far more than it seems to be.") % said)
        suffix = path.suffix.lower()
        if entry.is_dir() or suffix not in {".csv", *PICTURES} or _is_hidden(path):
            continue
        if suffix == ".csv" and entry.file_size > MAX_CSV:
            raise Refused(_too_large(entry.filename[:120]))
        found.append(entry)
    if len({entry.filename.casefold() for entry in found}) < len(found):
        raise Refused(_("%s holds two files of one name.") % name)
    return found


def _is_hidden(path: PurePosixPath) -> bool:
    """What a Mac lays beside the files."""
    return any(part.startswith(".") or part == "__MACOSX" for part in path.parts)


def _too_large(name: str) -> str:
    said = {"name": name, "size": MAX_CSV // MB}
    return _("%(name)s has more than %(size)d MB: split the table into several.") % said


def _damaged(name: str) -> str:
    return _("%s cannot be unpacked: it is damaged. Pack it anew.") % name
