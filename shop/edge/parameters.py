"""One page, one address: query parameters in one order, without blanks and without what campaigns append."""

import re
from collections.abc import Iterator, Set

from django.http import QueryDict

# What others hang on links is for the browser's scripts. The edge strips the same before it looks a page up:
# default.vcl has this text word for word, and a test holds the two together.
CAMPAIGN = r"(utm|mtm|mc|pk)_[A-Za-z0-9_]*|_[A-Za-z0-9_]*|[A-Za-z_]*clid|[gw]braid|srsltid|igshid|ref"
_campaign = re.compile(CAMPAIGN, re.ASCII)
_blank = re.compile(r"[^=]*(=(\+|%20)*)?")  # as default.vcl drops it


def is_campaign(name: str) -> bool:
    """Is this parameter of no page?"""
    return bool(_campaign.fullmatch(name))


def canonical(query: QueryDict, names: Set[str] | None = None) -> QueryDict:
    """The parameters of these names (all but campaigns' by default) as their page's one address has them."""
    known = QueryDict(mutable=True)
    for name, value in _pairs(query, names):
        known.appendlist(name, value)
    known._mutable = False
    return known


def is_spelled(text: str, query: str) -> bool:
    """Does an address's text say its canonical query, which is the other, as we write it?

    In any order, with campaigns' and empty ones between: who keeps pages sees to that. But `colour=%72ed` and
    `colour=red&colour=red` are other addresses of a page for whoever keeps it by them.
    """
    said = (part for part in text.split("&") if not _blank.fullmatch(part))
    own = [part for part in said if not is_campaign(part.split("=")[0])]
    return sorted(own) == sorted(filter(None, query.split("&")))


def _pairs(query: QueryDict, names: Set[str] | None) -> Iterator[tuple[str, str]]:
    for name in sorted(query):
        if not is_campaign(name) if names is None else name in names:
            for value in sorted({value.strip() for value in query.getlist(name)} - {""}):
                yield name, value
