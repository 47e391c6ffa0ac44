"""VAT numbers: judged by form and checksum, kept as their country writes them."""

import pytest

from accounts import vat_numbers
from shop import places

# Public examples of the checksum's own descriptions.
NUMBERS = {
    "AT": "ATU12345675",
    "BE": "BE0428759497",
    "BG": "BG175074752",
    "CH": "CHE107787577MWST",
    "CY": "CY10259033P",
    "DE": "DE136695976",
    "DK": "DK13585628",
    "ES": "ESB58378431",
    "FR": "FR40303265045",
    "GB": "GB980780684",
    "GR": "EL094259216",
    "IE": "IE6433435F",
    "IT": "IT00743110157",
    "LU": "LU15027442",
    "NL": "NL004495445B01",
    "NO": "NO995525828MVA",
    "PL": "PL8567346215",
    "SE": "SE123456789701",
}


@pytest.mark.parametrize(("country", "number"), NUMBERS.items())
def test_a_number_is_kept_with_its_prefix_however_it_was_written(country: str, number: str) -> None:
    bare = number[len(vat_numbers.prefix(country)) :]
    spaced = " ".join(bare[place : place + 3] for place in range(0, len(bare), 3))
    for written in (
        number,
        number.lower(),
        bare,
        spaced,
        f"{number[:2]} {spaced}",
        f"{number[:4]}-{number[4:]}",
    ):
        assert vat_numbers.written(written, country) == number, written


def test_greeks_may_write_gr_and_the_swiss_their_number_alone() -> None:
    assert vat_numbers.written("GR 094259216", "GR") == "EL094259216"
    assert vat_numbers.written("CHE-107.787.577", "CH") == "CHE107787577MWST"
    assert vat_numbers.written("107.787.577", "CH") == "CHE107787577MWST"


@pytest.mark.parametrize(
    "number", ["DE136695977", "DE13669597", "DE", "x", "١٣٦٦٩٥٩٧٦", "DE1366959760", "😀"]
)
def test_a_digit_that_is_wrong_is_found(number: str) -> None:
    with pytest.raises(vat_numbers.Unfit) as caught:
        vat_numbers.written(number, "DE")
    assert not isinstance(caught.value, vat_numbers.OfAnother)


@pytest.mark.parametrize(
    ("number", "country", "begun"), [("FR40303265045", "DE", "FR"), ("EL094259216", "AT", "EL")]
)
def test_a_number_of_another_country_is_told_as_such(number: str, country: str, begun: str) -> None:
    with pytest.raises(vat_numbers.OfAnother) as caught:
        vat_numbers.written(number, country)
    assert caught.value.country == begun


def test_no_broken_variant_goes_through() -> None:
    """One digit changed is always found: that is what a checksum is for."""
    found = [
        f"{number[:place]}{digit}{number[place + 1 :]}"
        for number in ("DE136695976", "IT00743110157", "PL8567346215")
        for place in range(2, len(number))
        for digit in "0123456789"
        if digit != number[place] and is_fit(f"{number[:place]}{digit}{number[place + 1 :]}")
    ]
    assert found == []


def is_fit(number: str) -> bool:
    try:
        vat_numbers.written(number, number[:2])
    except vat_numbers.Unfit:
        return False
    return True


def test_every_member_of_the_eu_can_be_judged_and_has_an_example_of_no_trader() -> None:
    for country in (*places.EU, "GB", "CH", "NO"):
        assert vat_numbers.is_known(country)
        with pytest.raises(vat_numbers.Unfit):
            vat_numbers.written("1", country)
        assert vat_numbers.example(country).startswith(vat_numbers.prefix(country))
    assert not vat_numbers.is_known("US")
