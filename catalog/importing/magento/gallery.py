"""Where Magento's pictures lie beside its files, and which options each of them shows."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from django.utils.translation import gettext as _

from catalog.importing.magento.cells import BadRow
from catalog.importing.magento.goods import Child, Good
from catalog.importing.records import PictureRecord, Reading

FOLDERS = (
    *("pub/media/catalog/product", "media/catalog/product", "catalog/product"),
    *("pub/media/import", "media/import", "var/import/images", "import"),
)
LEVELS = 5  # folders above the files that are looked through
WEB = ("http://", "https://", "//")
COLOURS = {"color", "colour"}


def roots(paths: Iterable[Path], given: Path | None) -> list[Path]:
    """Folders of pictures: the one that is said, or those near these paths."""
    if given is not None:
        return [given, *(given / folder for folder in FOLDERS if (given / folder).is_dir())]
    found: dict[Path, None] = {}
    for path in paths:
        start = path.resolve()
        start = start if start.is_dir() else start.parent
        for above in [start, *start.parents][: LEVELS + 1]:
            if above == above.parent:
                break
            for folder in FOLDERS:
                if (above / folder).is_dir():
                    found[(above / folder).resolve()] = None
    return list(found)


def locate(address: str, folders: Sequence[Path]) -> Path | None:
    """The file of that address; BadRow if it would lead out of the folders."""
    name = address.strip().lstrip("/")
    steps = name.split("/")
    if ".." in steps or "\\" in name or "\0" in name or ":" in steps[0]:
        raise BadRow(_("The picture's name leads out of the folder of pictures: %s.") % address[:200])
    spread = "/".join([*name[:2].lower(), name]) if len(steps) == 1 and len(name) > 2 else name
    for folder in folders:
        for guess in dict.fromkeys((name, spread)):
            try:
                file = (folder / guess).resolve()
                if file.is_relative_to(folder.resolve()) and file.is_file():
                    return file
            except (OSError, ValueError):  # a name that no file can have
                return None
    return None


def pictures(
    good: Good, variants: Sequence[tuple[Child, Good]], folders: Sequence[Path], reading: Reading
) -> tuple[PictureRecord, ...]:
    """The product's own pictures, then those of its variants, each once."""
    labels = dict(good.gallery)
    shown: dict[str, list[Child]] = {}
    places = dict.fromkeys(good.gallery, good.place)
    for child, variant in variants:
        for address, label in variant.gallery.items():
            if not labels.get(address):
                labels[address] = label
            places.setdefault(address, variant.place)
            shown.setdefault(address, []).append(child)
    found: list[PictureRecord] = []
    for address, label in labels.items():
        shows = _shows(shown.get(address, []), [child for child, _good in variants])
        alt = label or ", ".join([good.name, *(value for _code, value in shows)])
        try:
            file = None if address.startswith(WEB) else locate(address, folders)
        except BadRow as error:
            reading.error(places[address], str(error), good.sku, "picture")
            continue
        if file is None and not address.startswith(WEB):
            if folders:
                reason = _("The picture is not in the folder of pictures: %s.") % address[:200]
                reading.error(places[address], reason, good.sku, "picture")
            else:
                reason = _("There is no folder of pictures, --images says where: %s.") % address[:200]
                reading.warn(places[address], reason, good.sku, "picture")
            continue
        found.append(PictureRecord(places[address], address, alt[:300], len(found), file, shows))
    return tuple(found)


def _shows(seen: Sequence[Child], every: Sequence[Child]) -> tuple[tuple[str, str], ...]:
    """The options that tell these variants from the others: the colour, if that alone does."""
    if not seen:
        return ()
    first = seen[0].options
    common = {code: value for code, value in first.items() if all(c.options.get(code) == value for c in seen)}
    for code in sorted(common, key=lambda code: code not in COLOURS):
        if sum(child.options.get(code) == common[code] for child in every) == len(seen):
            return ((code, common[code]),)
    return tuple(common.items())
