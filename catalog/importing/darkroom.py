"""Pictures of an import: opened, checked and stored in threads, ahead of the rows that will show them.

What a picture was made of is remembered in its row, so that the same file is opened once and never again.
"""

import hashlib
import io
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from django.utils.translation import gettext as _

from catalog import images
from catalog.importing.pen import Pen
from catalog.importing.records import PictureRecord, Place, ProductRecord
from catalog.importing.vocabulary import Vocabulary
from catalog.models import Image, Product

ADDRESS = 300  # characters of an address that are remembered
Sources = dict[tuple[str, str], str]  # (product's external id, address) → digest of the file


@dataclass(frozen=True)
class Developed:
    """A picture in the storage; without a name it is the one that is known, or was not to be kept."""

    digest: str
    name: str = ""
    width: int = 0
    height: int = 0


Ordered = dict[tuple[str, str], "Future[Developed]"]


@dataclass
class Hung:
    """What became of a product's pictures; `bad`: where, and why."""

    added: int = 0
    is_changed: bool = False
    bad: list[tuple[Place, str]] = field(default_factory=list)


class Darkroom:
    """Threads: decoding and encoding happen outside Python's lock. `keep`: store what is made."""

    def __init__(self, *, keep: bool) -> None:
        self.keep = keep
        self._storing = Lock()
        self._pool = ThreadPoolExecutor(os.cpu_count() or 1, "pictures")

    def close(self) -> None:
        """What nobody will take is not made any more."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def order(self, records: Iterable[ProductRecord]) -> Ordered:
        """Begins to make the pictures of these products."""
        records = [record for record in records if any(picture.file for picture in record.pictures)]
        known = _known(records) if records else {}
        return {
            key: self._pool.submit(self._develop, picture.file, known.get((key[0], key[1][:ADDRESS]), ""))
            for record in records
            for picture in record.pictures
            if picture.file and (key := (record.external_id, picture.address))
        }

    def _develop(self, file: Path, known: str) -> Developed:
        """Its picture; images.BadPicture if it is none."""
        try:
            with file.open("rb") as opened:
                content = opened.read(images.MAX_BYTES + 1)
        except OSError as error:
            raise images.BadPicture(_("The file cannot be opened: %s.") % error.strerror) from error
        digest = hashlib.sha256(content).hexdigest()[:24]
        if digest == known:
            return Developed(digest)
        original = images.accept(io.BytesIO(content))
        if not self.keep:
            return Developed(digest, "-", original.width, original.height)
        with self._storing:  # two threads with the same picture
            name = images.store(original)
        return Developed(digest, name, original.width, original.height)


def hang(
    record: ProductRecord,
    product: Product,
    shown: Iterable[Image],
    ordered: Ordered,
    words: Vocabulary,
    pen: Pen,
) -> Hung:
    """Has the pen show the record's pictures.

    Pictures of an import that the file no longer names go; those that the merchant added stay.
    """
    done = Hung()
    if not any(picture.file for picture in record.pictures):
        return done
    held = {_address(row): row for row in shown if row.source}
    for picture in record.pictures:
        future = ordered.get((record.external_id, picture.address))
        if future is None:
            continue
        try:
            made = future.result()
        except images.BadPicture as error:
            done.bad.append((picture.place, f"{picture.address[:200]}: {error}"))
            continue
        if made.name:
            _put(picture, made, product, held.get(picture.address[:ADDRESS]), words, pen)
            done.added += picture.address[:ADDRESS] not in held
            done.is_changed = True
    named = {picture.address[:ADDRESS] for picture in record.pictures}
    for address, row in held.items():
        if address not in named:
            pen.drop(row)
            done.is_changed = True
    return done


def _put(
    picture: PictureRecord, made: Developed, product: Product, row: Image | None, words: Vocabulary, pen: Pen
) -> None:
    source = f"{made.digest}:{picture.address[:ADDRESS]}"
    fields = {"original": made.name, "width": made.width, "height": made.height, "source": source}
    if row:
        pen.change(row, drawing={}, **fields)  # its renditions follow, as of any new original
        return
    values = [words.value(name, label) for name, label in picture.shows]
    shows = {value.attribute.code: value.slug for value in values}
    pen.add(Image(product=product, alt=picture.alt, position=picture.position, shows=shows, **fields))


def _known(records: Iterable[ProductRecord]) -> Mapping[tuple[str, str], str]:
    ids = [record.external_id for record in records]
    rows = Image.objects.filter(product__external_id__in=ids).exclude(source="").order_by()
    found: Sources = {}
    for external_id, source in rows.values_list("product__external_id", "source"):
        digest, _colon, address = source.partition(":")
        found[external_id or "", address] = digest
    return found


def _address(row: Image) -> str:
    return row.source.partition(":")[2]
