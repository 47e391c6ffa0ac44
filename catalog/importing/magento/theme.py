"""Texts without the directives of Magento's theme: {{media …}}, {{widget …}}, {{store …}}, {{block …}}."""

import html
import re
from collections.abc import Collection

from django.utils.text import slugify
from django.utils.translation import gettext as _

from catalog.importing.records import Place, Reading

# Each stops where another of its kind begins: no text takes long, however broken.
_LEFT = r"(?P<left>\{\{(?:(?!\{\{|\}\}).)*\}\})"
_TEXT = r"(?P<text>(?:(?!</?a\b).)*)"
_MARK = r"(?P<mark>[\"']|&quot;|&#0?39;|&apos;)"
_PATH = r"(?P<path>[^\"'&{}]*)"
_LINK = re.compile(
    rf"<a\b[^<>]*?\{{\{{store\s+(?:direct_)?url={_MARK}{_PATH}(?P=mark)\s*\}}\}}[^<>]*>{_TEXT}</a>",
    re.S | re.I,
)
_DEAD_LINK = re.compile(rf"<a\b[^<>]*?{_LEFT}[^<>]*>{_TEXT}</a>", re.S | re.I)
_IMAGE = re.compile(rf"<img\b[^<>]*?{_LEFT}[^<>]*>", re.S | re.I)
_DIRECTIVE = re.compile(_LEFT, re.S)


def without_directives(
    text: str, reading: Reading, place: Place, handle: str, *, known: Collection[str] = (), topic: str = ""
) -> str:
    """What shoppers may read of the text; links to pages that are `known`, by slug, lead to them.

    What was left out is one warning.
    """
    if "{{" not in text:
        return text
    left: list[str] = []

    def linked(found: re.Match[str]) -> str:
        path, inner = found["path"].strip("/"), found["text"]
        if not path:
            return f'<a href="/">{inner}</a>'
        if slugify(path) in known:
            return f'<a href="/info/{slugify(path)}/">{inner}</a>'
        reading.warn(place, _("A link leads to no page here and became text: %s.") % path[:80], handle, topic)
        return inner

    def dropped(found: re.Match[str]) -> str:
        left.append(found["left"])
        return found.groupdict().get("text") or ""

    text = _LINK.sub(linked, text)
    for pattern in (_IMAGE, _DEAD_LINK, _DIRECTIVE):
        text = pattern.sub(dropped, text)
    if left:
        reason = _("A directive of Magento's theme was left out: %s.") % html.unescape(left[0])[:80]
        reading.warn(place, reason, handle, topic)
    return text
