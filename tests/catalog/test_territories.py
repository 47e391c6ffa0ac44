"""Parts of a country with another VAT than its own: what is due there, and who accounts for it."""

from decimal import Decimal

import pytest

from accounts import vat_numbers
from catalog import taxes
from catalog.models import TaxRate
from shop import markets, territories
from tests.factories import make_tax_class

COUNTRYS = Decimal("0.20")
OWN = Decimal("0.05")

# Country, region, postcode, and an address beside it, which is the country's like any other.
OUTSIDE = {
    "Büsingen": ("DE", "", "78266", "78224"),
    "Heligoland": ("DE", "", "27498", "27499"),
    "Gran Canaria": ("ES", "GC", "35001", "28001"),
    "Tenerife": ("ES", "TF", "38001", "28001"),
    "Ceuta": ("ES", "CE", "51001", "28001"),
    "Melilla": ("ES", "ML", "52001", "28001"),
    "Livigno": ("IT", "SO", "23041", "23030"),
    "Campione d'Italia": ("IT", "CO", "22061", "22060"),
    "San Marino": ("IT", "", "47890", "47900"),
    "Vatican City": ("IT", "RM", "00120", "00121"),
    "Mount Athos": ("GR", "", "630 86", "63077"),
    "Åland": ("FI", "", "22100", "21100"),
    "Greenland": ("DK", "", "3900", "3800"),
    "Saint Barthélemy": ("FR", "", "97133", "75001"),
    "Saint Martin": ("FR", "", "97150", "75001"),
    "Guadeloupe": ("FR", "", "97100", "75001"),
    "Martinique": ("FR", "", "97200", "75001"),
    "French Guiana": ("FR", "", "97300", "75001"),
    "Réunion": ("FR", "", "97400", "75001"),
    "Saint Pierre and Miquelon": ("FR", "", "97500", "75001"),
    "Mayotte": ("FR", "", "97600", "75001"),
    "Wallis and Futuna": ("FR", "", "98600", "75001"),
    "French Polynesia": ("FR", "", "98700", "75001"),
    "New Caledonia": ("FR", "", "98800", "75001"),
}
WITHIN = {
    "Monaco": ("MC", "", "98000", "FR"),
    "Isle of Man": ("IM", "", "IM1 1AA", "GB"),
    "Northern Ireland": ("GB", "", "BT1 5GS", "GB"),
    "Madeira": ("PT", "", "9000-001", "PT"),
    "Azores": ("PT", "", "9500-001", "PT"),
    "Jungholz, Kleinwalsertal": ("AT", "", "6691", "AT"),
}
NUMBERS = {"DE": "DE136695976", "ES": "ESB58378431", "FR": "FR40303265045", "IT": "IT00743110157"}


def due(country: str, region: str, postcode: str, number: str = "") -> tuple[Decimal, bool]:
    """The rate, and whether the buyer accounts for it."""
    found = taxes.taxation(markets.default(), country, region, number, postcode)
    return found.rate(make_tax_class().pk), found.is_reverse_charged


def test_every_territory_is_here_with_its_source() -> None:
    assert {one.name for one in territories.ALL} == {*OUTSIDE, *WITHIN}
    assert all(one.source for one in territories.ALL)
    codes = [one.rates_at for one in territories.ALL if one.rates_at[1]]
    assert len(codes) == len({*codes})


@pytest.mark.django_db
@pytest.mark.parametrize("name", OUTSIDE)
def test_outside_of_its_countrys_vat_only_what_is_set_for_it_is_due(name: str) -> None:
    country, region, postcode, beside = OUTSIDE[name]
    goods = make_tax_class(rates={country: str(COUNTRYS)})
    found = territories.of(country, region, postcode)
    assert found is not None
    assert (found.name, found.member) == (name, "")
    assert due(country, region, postcode) == (0, False)
    # It is told by its postcode alone, too, and not by the one beside it.
    assert due(country, "", postcode) == (0, False)
    assert due(country, "", beside) == (COUNTRYS, False)
    at, code = found.rates_at
    TaxRate.objects.create(tax_class=goods, country=at, region=code, rate=OWN)
    assert due(country, region, postcode) == (OWN, False)
    assert due(country, "", beside) == (COUNTRYS, False)


@pytest.mark.django_db
@pytest.mark.parametrize("name", [name for name in OUTSIDE if OUTSIDE[name][0] in {"ES", "FR", "IT"}])
def test_a_number_reverses_nothing_there(name: str) -> None:
    country, region, postcode, beside = OUTSIDE[name]
    make_tax_class(rates={country: str(COUNTRYS)})
    assert due(country, region, postcode, NUMBERS[country]) == (0, False)
    assert due(country, "", beside, NUMBERS[country]) == (0, True)


@pytest.mark.django_db
@pytest.mark.parametrize("name", WITHIN)
def test_within_their_neighbours_vat_its_rate_is_due_unless_they_have_their_own(name: str) -> None:
    country, region, postcode, at = WITHIN[name]
    goods = make_tax_class(rates={at: str(COUNTRYS)})
    found = territories.of(country, region, postcode)
    assert found is not None
    assert found.name == name
    assert due(country, region, postcode) == (COUNTRYS, False)
    if found.rates_at[1]:
        TaxRate.objects.create(tax_class=goods, country=at, region=found.rates_at[1], rate=OWN)
        assert due(country, region, postcode) == (OWN, False)
        assert due(country, region, "1010") == (COUNTRYS, False)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("seller", "postcode", "number", "is_reversed"),
    [
        ("DE", "BT1 5GS", "XI980780684", True),
        ("DE", "BT1 5GS", "GB980780684", False),
        ("DE", "SW1Y 4JH", "XI980780684", False),
        ("GB", "BT1 5GS", "XI980780684", False),
    ],
)
def test_goods_for_northern_ireland_go_there_as_to_a_member_state(
    seller: str, postcode: str, number: str, is_reversed: bool, settings: object
) -> None:
    settings.SELLER_COUNTRY = seller  # type: ignore[attr-defined]
    make_tax_class(rates={"GB": str(COUNTRYS)})
    assert due("GB", "", postcode, number) == (0 if is_reversed else COUNTRYS, is_reversed)


def test_a_number_of_northern_ireland_is_judged_as_a_british_one() -> None:
    assert vat_numbers.written("xi 980 7806 84", "GB") == "XI980780684"
    with pytest.raises(vat_numbers.Unfit):
        vat_numbers.written("XI980780685", "GB")


def test_monaco_is_at_home_in_france(settings: object) -> None:
    settings.SELLER_COUNTRY = "FR"  # type: ignore[attr-defined]
    assert not taxes.is_reverse_charged("MC", "", NUMBERS["FR"])
    settings.SELLER_COUNTRY = "DE"  # type: ignore[attr-defined]
    assert taxes.is_reverse_charged("MC", "", NUMBERS["FR"])
