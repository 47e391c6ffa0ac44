"""Files as Icecat writes them, for tests."""

import json
import zipfile
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command

from catalog.importing import icecat
from catalog.importing.records import ProductRecord

COLOURS = ("Black", "Cyan", "Magenta", "Yellow")


def item(number: int = 1, title: str = "Acme X1 toner cartridge Black", **told: Any) -> dict[str, Any]:
    """An object of a file."""
    return {
        "id": str(number),
        "name": "X1",
        "title": title,
        "ean": ["4006381333931"],
        "short_description": "Black Toner",
        "img_high": "http://images.invalid/high.jpg",
        "img_low": "http://images.invalid/low.jpg",
        "date_released": "2009-12-10T00:00:00Z",
        "supplier": "Acme",
        "price": 4995,
        **told,
    }


def cartridges(count: int = 8, first: int = 100, **told: Any) -> list[dict[str, Any]]:
    """Toner cartridges of two brands, each a model of its own."""
    found = []
    for number in range(first, first + count):
        brand, colour = ("Acme", "Bolt")[number % 2], COLOURS[number % 4]
        found.append(
            item(
                number,
                f"{brand} T{number} toner cartridge Original {colour} 1 pc(s)",
                name=f"T{number}",
                supplier=brand,
                attr_t_type="Original",
                attr_t_printing_colours=colour,
                attr_t_print_technology="Laser printing",
                attr_n_black_toner_page_yield=float(number * 10),
                **told,
            )
        )
    return found


def keyboards(count: int = 6, first: int = 200) -> list[dict[str, Any]]:
    """Something else."""
    return [
        item(
            number,
            f"Keys K{number} keyboard USB Black",
            name=f"K{number}",
            supplier="Keys",
            short_description=f"Board number {number}",
            attr_t_keyboard_layout="QWERTY" if number % 2 else "QWERTZ",
            attr_b_wireless=number % 2 == 0,
            attr_n_keyboard_number_of_keys=float(100 + number % 3),
        )
        for number in range(first, first + count)
    ]


def write(folder: Path, *items: Any, name: str = "1.json") -> Path:
    """A file of these objects; zipped, if its name says so."""
    path, text = folder / name, json.dumps(items)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(path.stem, text)
            archive.writestr(f"__MACOSX/._{path.stem}", "nothing")
    else:
        path.write_text(text)
    return path


def records(folder: Path, *items: Any) -> dict[str, ProductRecord]:
    """What the reader makes of them, by the identity that they have."""
    reading = icecat.read([write(folder, *items)])
    return {product.external_id.partition(":")[2]: product for product in reading.products}


def load(*paths: Path, **options: Any) -> str:
    """What the command says."""
    out, err = StringIO(), StringIO()
    call_command("import_catalog", "icecat", *map(str, paths), stdout=out, stderr=err, **options)
    return out.getvalue() + err.getvalue()
