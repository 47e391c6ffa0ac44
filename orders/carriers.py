"""Where a carrier tells where a parcel is. Those that are not known here get no link, only their code."""

import re
from urllib.parse import quote

NAMES = ("DHL", "DPD", "GLS", "Hermes", "Royal Mail", "UPS", "FedEx")  # as people write those known here
LONGEST_CODE = 40
_CODE = re.compile(r"[A-Za-z0-9 -]*", re.ASCII)
_ADDRESS = re.compile(r"://|^www\.|/", re.IGNORECASE)

PAGES = (
    ("dhl", "https://www.dhl.com/global-en/home/tracking.html?submit=1&tracking-id={code}"),
    ("dpd", "https://tracking.dpd.de/status/en_US/parcel/{code}"),
    ("gls", "https://gls-group.eu/track/{code}"),
    ("hermes", "https://www.myhermes.de/empfangen/sendungsverfolgung/sendungsinformation#{code}"),
    ("royal mail", "https://www.royalmail.com/track-your-item#/tracking-results/{code}"),
    ("ups", "https://www.ups.com/track?tracknum={code}"),
    ("fedex", "https://www.fedex.com/fedextrack/?trknbr={code}"),
)


def tracking_url(carrier: str, code: str) -> str | None:
    """The carrier's page about that code."""
    wanted = carrier.strip().casefold()
    page = next((page for name, page in PAGES if wanted == name or wanted.startswith(f"{name} ")), None)
    return page.format(code=quote(code.strip(), safe="")) if page and code.strip() else None


def tidied(code: str) -> str:
    """A code as it was read or pasted, without the spaces around it and with single ones within."""
    return " ".join(code.split())


def is_address(text: str) -> bool:
    """Whether somebody has pasted the address of a page, where the code was asked for."""
    return _ADDRESS.search(text) is not None


def is_code(text: str) -> bool:
    """Whether a carrier could have given that: letters, digits, spaces and hyphens, and not too many."""
    return len(text) <= LONGEST_CODE and _CODE.fullmatch(text) is not None
