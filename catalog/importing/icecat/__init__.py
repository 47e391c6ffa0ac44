"""Icecat's product data (JSON arrays, plain or zipped) → product records.

An item has no category: the kind of thing is found in its title (kinds.py). Of its thousands of attributes
those that many share become values and filters (worth.py); everything stands in the description (sheet.py).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from catalog.importing.icecat import files, kinds, products, worth
from catalog.importing.icecat.items import SOURCE, Item
from catalog.importing.icecat.names import Names
from catalog.importing.records import Place, Reading


def read(paths: Sequence[Path], *, with_images: bool = True, **_options: Any) -> Reading:
    """The products of all files; of two with one identity the first counts.

    Pictures lie elsewhere on the web: the options for them only say whether they are told of.
    """
    reading = Reading(source=SOURCE)
    items: dict[str, Item] = {}
    for item in files.items(paths, reading):
        first = items.setdefault(item.id, item)
        if first is not item:
            reading.error(item.place, _("This identity was already read at %s.") % first.place, item.id)
    found = list(items.values())
    if not found and not reading.problems:
        reading.error(Place(paths[0].name, 1), _("There is nothing in it."))
    kind_of = kinds.find(found)
    names = Names(found)
    shelf = worth.choose(found, kind_of, names)
    reading.attributes = shelf.told()
    reading.products = products.records(found, kind_of, shelf, names, reading, with_images=with_images)
    return reading
