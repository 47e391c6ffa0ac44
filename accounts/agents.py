"""What a browser calls itself, in plain words: "Firefox on Windows"."""

import re

from django.utils.translation import gettext as _

# The first that is found counts: most of them name the others as well.
BROWSERS = (
    (r"Edg(?:e|A|iOS)?/", "Edge"),
    (r"OPR/|Opera|OPiOS/", "Opera"),
    (r"SamsungBrowser/", "Samsung Internet"),
    (r"Vivaldi/", "Vivaldi"),
    (r"DuckDuckGo/|Ddg/", "DuckDuckGo"),
    (r"Firefox/|FxiOS/", "Firefox"),
    (r"Chrome/|CriOS/|Chromium/", "Chrome"),
    (r"Safari/", "Safari"),
)
SYSTEMS = (
    (r"iPhone|iPod", "iPhone"),
    (r"iPad", "iPad"),
    (r"Android", "Android"),
    (r"CrOS", "ChromeOS"),
    (r"Windows", "Windows"),
    (r"Macintosh|Mac OS X", "Mac"),
    (r"Linux|X11", "Linux"),
)
HAND_HELD = {"iPhone", "iPad", "Android"}
SAYS_SO = r"\bMobi|\bTablet\b"  # whatever the system; no desktop says it


def named(agent: str) -> str:
    """Browser and system, as far as they are known."""
    browser, system = _first(BROWSERS, agent), _first(SYSTEMS, agent)
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("A browser we do not know")


def is_hand_held(agent: str) -> bool:
    """Whether it is a phone or a tablet."""
    return _first(SYSTEMS, agent) in HAND_HELD or re.search(SAYS_SO, agent) is not None


def kind(agent: str) -> str:
    """What sort of device it is; "" if nothing says so."""
    if is_hand_held(agent):
        return _("Phone or tablet")
    return _("Computer") if _first(SYSTEMS, agent) else ""


def _first(table: tuple[tuple[str, str], ...], agent: str) -> str:
    return next((name for pattern, name in table if re.search(pattern, agent)), "")
