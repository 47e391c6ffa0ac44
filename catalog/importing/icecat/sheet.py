"""The description: what name and summary have no room for, and a table of all attributes."""

from collections.abc import Iterator

from django.utils.html import escape
from django.utils.translation import gettext as _

from catalog.importing.icecat import values
from catalog.importing.icecat.items import Item
from catalog.importing.icecat.names import Names

NAME, SUMMARY = 200, 300  # characters of the columns
CODES = 40  # further barcodes that are told


def cut(text: str, length: int) -> str:
    """The text, or as many of its words as fit."""
    if len(text) <= length:
        return text
    short = text[: length - 1]
    if not text[length - 1].isspace() and " " in short:
        short = short.rpartition(" ")[0]
    return short.rstrip(" ,;.–-") + "…"


def describe(item: Item, names: Names) -> str:
    """As HTML."""
    parts = []
    if len(item.title) > NAME:
        parts.append(f"<p>{escape(item.title)}</p>")
    if len(item.summary) > SUMMARY:
        parts.append(f"<p>{escape(item.summary)}</p>")
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(said)}</td></tr>'
        for name, said in _rows(item, names)
    )
    if rows:
        parts.append(f"<table><tbody>{rows}</tbody></table>")
    return "".join(parts)


def _rows(item: Item, names: Names) -> Iterator[tuple[str, str]]:
    """(name, what is said), as Icecat orders it; all that it simply has in one row."""
    if item.name and item.name.casefold() not in item.title.casefold():
        yield _("Model"), item.name
    told: dict[str, str] = {}
    features: dict[str, None] = {}
    for key, value in item.attributes.items():
        if values.is_trade(key):
            continue
        name, said = names.name(key), values.text(value)
        if values.is_feature(value):
            features[name] = None
        elif said:
            told[name] = f"{told[name]}, {said}" if name in told and told[name] != said else said
    yield from told.items()
    if features:
        yield _("Features"), ", ".join(features)
    if more := item.eans[1 : CODES + 1]:
        yield _("Further barcodes"), ", ".join(more)
