"""Which HTML a merchant's text may contain. Every text is cleaned here where it enters: admin and imports."""

import html
import re

import nh3
from django.utils.text import normalize_newlines

TAGS = {
    *("p", "br", "hr", "h2", "h3", "h4", "ul", "ol", "li", "dl", "dt", "dd", "blockquote"),
    *("strong", "em", "b", "i", "s", "sub", "sup", "small", "a"),
    *("table", "thead", "tbody", "tr", "th", "td", "caption"),
}
ATTRIBUTES = {"a": {"href", "title"}, "th": {"scope", "colspan", "rowspan"}, "td": {"colspan", "rowspan"}}
SCHEMES = {"http", "https", "mailto", "tel"}
_HAS_TAG = re.compile(r"<[a-zA-Z/!]")


def clean(text: str) -> str:
    """The text as safe HTML; text without any tag becomes paragraphs. Cleaning twice changes nothing."""
    text = normalize_newlines(text.replace("\0", "")).replace("\xa0", " ").strip()
    if not text:
        return ""
    if not _HAS_TAG.search(text):
        parts = re.split(r"\n{2,}", html.unescape(text))
        text = "".join(
            "<p>" + html.escape(part.strip(), quote=False).replace("\n", "<br>") + "</p>" for part in parts
        )
    return nh3.clean(text, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel="noopener").strip()
