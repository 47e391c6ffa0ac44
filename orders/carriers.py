"""Where a carrier tells where a parcel is. Those that are not known here get no link, only their code."""

from urllib.parse import quote

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
