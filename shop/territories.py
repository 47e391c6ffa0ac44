"""Territories: parts of a country with another VAT than its own, told by region or postcode.

Sources: Council Directive 2006/112/EC, articles 5 to 7 (as amended by Directive (EU) 2019/475, which brought
Campione into the customs territory, not into the VAT), articles 104 and 105 for rates of their own; TFEU,
articles 349 and 355; Northern Ireland: Protocol (Windsor Framework), article 8, and Directive (EU) 2020/1756,
which gave its numbers the letters XI. Postcodes are those of the postal services; one that a territory shares
with its neighbours (23030 around Livigno, 22060 around Campione) names none.
"""

import re
from dataclasses import dataclass
from functools import cached_property

from shop import places

_6_1, _6_2, _7 = "2006/112/EC art. 6(1)", "2006/112/EC art. 6(2)", "2006/112/EC art. 7"
_FRENCH = f"{_6_1}(c), TFEU art. 349 and 355(1)"
# No part of the Union, where people write the country that it belongs to.
_OVERSEAS = "TFEU art. 355(2), Annex II"
_STATE = "a state of its own, with the postcodes of its neighbour"


@dataclass(frozen=True)
class Territory:
    """rates_at: country and region under which its rates of tax stand (catalog.models.TaxRate).

    member: whose VAT of the Union it belongs to, "XI" for goods in Northern Ireland; "" is outside, and the
    country's own rate is not due there. postcodes: a pattern of the whole postcode without spaces.
    """

    name: str
    country: str
    rates_at: tuple[str, str]
    source: str
    member: str = ""
    postcodes: str = ""
    region: str = ""

    @cached_property
    def _pattern(self) -> "re.Pattern[str]":
        return re.compile(self.postcodes)

    def holds(self, region: str, postcode: str) -> bool:
        """Whether an address of the country lies in it."""
        if self.region and self.region == region:
            return True
        if self.postcodes:
            return self._pattern.fullmatch(postcode) is not None
        return not self.region


def _of(country: str, code: str) -> tuple[str, tuple[str, str]]:
    return country, (country, code)


def _as(country: str, own: str) -> tuple[str, tuple[str, str]]:
    return country, (own, "")


ALL = (
    Territory("Büsingen", *_of("DE", "BUE"), f"{_6_2}(b)", postcodes="78266"),
    Territory("Heligoland", *_of("DE", "HEL"), f"{_6_2}(a)", postcodes="27498"),
    Territory("Gran Canaria", *_of("ES", "GC"), f"{_6_1}(b)", region="GC", postcodes=r"35\d{3}"),
    Territory("Tenerife", *_of("ES", "TF"), f"{_6_1}(b)", region="TF", postcodes=r"38\d{3}"),
    Territory("Ceuta", *_of("ES", "CE"), f"{_6_2}(c)", region="CE", postcodes=r"51\d{3}"),
    Territory("Melilla", *_of("ES", "ML"), f"{_6_2}(d)", region="ML", postcodes=r"52\d{3}"),
    Territory("Livigno", *_of("IT", "LIV"), f"{_6_2}(e)", postcodes="23041"),
    Territory("Campione d'Italia", *_of("IT", "CAM"), f"{_6_1}(f)", postcodes="22061"),
    Territory("San Marino", *_as("IT", "SM"), _STATE, postcodes=r"4789\d"),
    Territory("Vatican City", *_as("IT", "VA"), _STATE, postcodes="00120"),
    Territory("Mount Athos", *_of("GR", "ATH"), f"{_6_1}(a)", postcodes=r"6308[67]"),
    Territory("Åland", *_as("FI", "AX"), f"{_6_1}(d)", postcodes=r"22\d{3}"),
    Territory("Greenland", *_as("DK", "GL"), _OVERSEAS, postcodes=r"39\d{2}"),
    # Before Guadeloupe, whose postcodes they share the first digits of.
    Territory("Saint Barthélemy", *_as("FR", "BL"), _OVERSEAS, postcodes=r"97133|977\d{2}"),
    Territory("Saint Martin", *_as("FR", "MF"), _FRENCH, postcodes=r"97150|978\d{2}"),
    Territory("Guadeloupe", *_as("FR", "GP"), _FRENCH, postcodes=r"971\d{2}"),
    Territory("Martinique", *_as("FR", "MQ"), _FRENCH, postcodes=r"972\d{2}"),
    Territory("French Guiana", *_as("FR", "GF"), _FRENCH, postcodes=r"973\d{2}"),
    Territory("Réunion", *_as("FR", "RE"), _FRENCH, postcodes=r"974\d{2}"),
    Territory("Saint Pierre and Miquelon", *_as("FR", "PM"), _OVERSEAS, postcodes=r"975\d{2}"),
    Territory("Mayotte", *_as("FR", "YT"), _FRENCH, postcodes=r"976\d{2}"),
    Territory("Wallis and Futuna", *_as("FR", "WF"), _OVERSEAS, postcodes=r"986\d{2}"),
    Territory("French Polynesia", *_as("FR", "PF"), _OVERSEAS, postcodes=r"987\d{2}"),
    Territory("New Caledonia", *_as("FR", "NC"), _OVERSEAS, postcodes=r"988\d{2}"),
    # Within, under their neighbour's VAT.
    Territory("Monaco", *_as("MC", "FR"), f"{_7}(1)", member="FR"),
    Territory("Isle of Man", *_as("IM", "GB"), "Isle of Man Act 1979, sections 1 and 6"),
    Territory("Northern Ireland", *_as("GB", "GB"), "Windsor Framework art. 8", "XI", r"BT\d[\dA-Z]*"),
    # Within, with rates of their own where a merchant sets them; else their country's are due.
    Territory("Madeira", *_of("PT", "30"), "2006/112/EC art. 105(2)", "PT", r"9[0-4]\d{2}-?\d{3}"),
    Territory("Azores", *_of("PT", "20"), "2006/112/EC art. 105(2)", "PT", r"9[5-9]\d{2}-?\d{3}"),
    Territory("Jungholz, Kleinwalsertal", *_of("AT", "JM"), "2006/112/EC art. 104", "AT", "6691|699[123]"),
)
_BY_COUNTRY: dict[str, list[Territory]] = {}
for _one in ALL:
    _BY_COUNTRY.setdefault(_one.country, []).append(_one)


def of(country: str, region: str = "", postcode: str = "") -> Territory | None:
    """The territory that an address lies in, if it is one of these."""
    there = _BY_COUNTRY.get(country, ())
    code = re.sub(r"\s", "", postcode).upper()
    return next((one for one in there if one.holds(region, code)), None)


def member(country: str, region: str = "", postcode: str = "") -> str:
    """Whose VAT of the Union goods that go there are under, by its code; "" outside of it."""
    found = of(country, region, postcode)
    if found is not None:
        return found.member
    return country if country in places.EU else ""
