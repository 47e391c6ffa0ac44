"""How countries write addresses: their order, what they need, what their regions are called."""

import re

import pytest

from shop import places

PARTS = {
    "name": "Ada Lovelace",
    "company": "Analytical Engines",
    "line1": "Street 1",
    "line2": "2nd floor",
    "postcode": "12345",
    "city": "Town",
}


@pytest.mark.parametrize(
    ("country", "region", "wanted"),
    [
        ("DE", "", ["Ada Lovelace", "Analytical Engines", "Street 1", "2nd floor", "12345 Town"]),
        ("AT", "", ["Analytical Engines", "Ada Lovelace", "Street 1", "2nd floor", "12345 Town"]),
        ("GB", "", ["Ada Lovelace", "Analytical Engines", "Street 1", "2nd floor", "Town", "12345"]),
        ("US", "MI", ["Ada Lovelace", "Analytical Engines", "Street 1", "2nd floor", "Town, MI 12345"]),
        ("CA", "QC", ["Ada Lovelace", "Analytical Engines", "Street 1", "2nd floor", "Town QC 12345"]),
        ("ES", "M", ["Ada Lovelace", "Analytical Engines", "Street 1", "2nd floor", "12345 Town Madrid"]),
        ("CH", "", ["Analytical Engines", "Ada Lovelace", "Street 1", "2nd floor", "12345 Town"]),
        ("XX", "", ["Ada Lovelace", "Analytical Engines", "Street 1", "2nd floor", "Town"]),
    ],
)  # fmt: skip
def test_an_address_is_written_as_its_country_does(country: str, region: str, wanted: list[str]) -> None:
    assert places.of(country).written({**PARTS, "region": region}) == wanted


def test_what_is_not_filled_in_leaves_neither_a_line_nor_a_comma() -> None:
    bare = {"name": "Ada", "line1": "Street 1", "city": "Detroit", "postcode": "48201"}
    assert places.of("US").written(bare) == ["Ada", "Street 1", "Detroit 48201"]
    assert places.of("US").written({**bare, "city": "", "region": "MI"}) == ["Ada", "Street 1", "MI 48201"]
    assert places.of("DE").written({}) == []


def test_a_town_that_is_called_as_its_region_is_written_once() -> None:
    madrid = {"line1": "Calle 1", "postcode": "28013", "city": "Madrid", "region": "M"}
    assert places.of("ES").written(madrid) == ["Calle 1", "28013 Madrid"]


def test_countries_ask_for_what_their_addresses_have() -> None:
    asked = {code: places.of(code).order for code in ("DE", "GB", "US", "IT", "SG", "AE", "JP")}
    assert asked == {
        "DE": ("postcode", "city"),
        "GB": ("city", "postcode"),
        "US": ("city", "region", "postcode"),
        "IT": ("postcode", "city", "region"),
        "SG": ("postcode",),
        "AE": ("region",),
        "JP": ("region", "postcode"),
    }
    assert (places.of("US").region_label, places.of("US").postcode_label) == ("State", "ZIP code")
    assert places.of("US").regions["MI"] == "Michigan"
    assert places.of("US").regions["GU"] == "Guam"  # ISO 3166-2 has no code of it below the US
    assert not places.of("DE").regions


def test_a_region_is_known_by_its_code_and_its_name() -> None:
    assert places.region_code("US", "ny") == places.region_code("US", "New York") == "NY"
    assert places.region_code("US", "Bavaria") is None
    assert places.region_code("DE", "BY") is None  # no address names it, so no rate of it would be met


def test_every_country_can_be_read_and_its_example_fits_its_pattern() -> None:
    codes = [f"{a}{b}" for a in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" for b in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    known = [places.of(code) for code in codes]
    patterns = [format for format in known if format.postcode_pattern]
    assert len(patterns) > 150
    assert [f.country for f in patterns if not re.fullmatch(f.postcode_pattern, f.postcode_example)] == []
    longest = max(len(code) for format in known for code in format.regions)
    assert longest <= 40  # what the column holds
    assert len(places.EU) == 27
