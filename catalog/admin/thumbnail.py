"""A picture in a list or a form: the smallest rendition there is, or the drawn place of a missing one."""

from collections.abc import Mapping
from typing import Any

from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _


def thumbnail(shown: Mapping[str, Any] | None) -> SafeString:
    """48 pixels of an image's renditions or of a Picture, None where there is no image.

    The alt text is empty, for the name stands beside it; that there is no picture is said.
    """
    found = shown or {}
    smallest = (found.get("srcset") or {}).get("webp", "").partition(" ")[0] or found.get("src")
    if smallest:
        return format_html(
            '<img class="thumbnail" src="{}" alt="" width="48" height="48" loading="lazy">', smallest
        )
    is_begun = shown is not None and bool(shown.get("width", True))  # renditions know no width
    return format_html(
        '<svg class="thumbnail thumbnail--none" role="img" aria-label="{}" viewBox="0 0 80 100"'
        ' width="48" height="48"><use href="{}#{}"></use></svg>',
        _("A picture is on its way") if is_begun else _("No picture yet"),
        static("img/places.svg"),
        "begun" if is_begun else "place",
    )
