"""What a page's own policy (CSP) lets in: by default ourselves, and nothing that stands in the page."""

from collections.abc import Iterable, Mapping

SELF = "'self'"
STRICT: Mapping[str, tuple[str, ...]] = {
    "default-src": ("'none'",),
    "base-uri": ("'none'",),
    "frame-ancestors": ("'none'",),
    "form-action": (SELF,),
    "script-src": (SELF,),
    "style-src": (SELF,),
    "img-src": (SELF, "data:"),
    "font-src": (SELF,),
    "connect-src": (SELF,),
}


def strict(more: Mapping[str, Iterable[str]]) -> str:
    """The header's value; `more` sources by directive are let in beside."""
    sources = {**STRICT, **{name: (*STRICT.get(name, ()), *allowed) for name, allowed in more.items()}}
    return "; ".join(f"{name} {' '.join(dict.fromkeys(allowed))}" for name, allowed in sources.items())
