"""A picture in a list or a form: the smallest rendition there is, or its tint while none is made."""

from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString


def thumbnail(renditions: dict[str, Any] | None) -> SafeString:
    """An <img> of 48 pixels; its alt text is empty, the name stands beside it."""
    found = renditions or {}
    smallest = (found.get("srcset") or {}).get("webp", "").partition(" ")[0] or found.get("src")
    if not smallest:
        return format_html('<span class="{}"></span>', "thumbnail")
    return format_html(
        '<img class="thumbnail" src="{}" alt="" width="48" height="48" loading="lazy">', smallest
    )
