"""What the desk's templates ask for."""

from collections.abc import Sequence
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst

from shop.desk import parts, receipts

register = template.Library()
register.filter("folds", parts.folds)
register.filter("is_open", parts.is_open)
register.simple_tag(parts.gist, name="gist")
register.filter("receipt", receipts.of_message)
register.simple_tag(receipts.messages_url, name="messages_url")


@register.simple_tag
def labelled(cell: SafeString, headers: Sequence[dict[str, Any]], index: int) -> SafeString:
    """A list's cell with its column's name, which a phone shows beside it: rows are cards there."""
    text = capfirst(str(headers[index]["text"])) if index < len(headers) else ""
    if not text or text.startswith("<"):  # the box that ticks all has no name
        return cell
    opening, rest = cell[:3], cell[3:]
    if opening not in {"<td", "<th"}:
        return cell
    label = format_html(' data-label="{}"', text)
    return mark_safe(opening + label + rest)  # noqa: S308 (Django made the cell, and the label is escaped)
