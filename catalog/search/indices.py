"""Indices by name: one alias a language that is asked, versions of it behind, and what is written to them.

A version is written by an alias of its own and by nothing else: what writes to one that has been dropped
meanwhile makes no new index of that name.
"""

import re
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings

from catalog.search import client, schema
from catalog.search.client import Away

WRITES = ".writes"  # the end of the name of a version's own alias
STAMP = "%Y%m%d%H%M%S"
KEPT_FOR = timedelta(days=1)  # a release may be taken back
MOST_BYTES = 4_000_000  # of one write, unless a single document is longer
# Deleted documents' versions are remembered for so long: who writes what it read before must not revive them.
REMEMBERED = "1h"
MOST_HITS = 10_000  # of one search: the engine's own limit
AT_THE_LATEST = "10s"  # found by searches; whoever writes refreshes
NOT_THERE, OUTDATED = 404, 409
CLOSED = {401, 403, 429}  # to any document: a full disk, an index that may only be read, too much at once


class Write(NamedTuple):
    """A document as it was read for this version; None: there is none any more."""

    product_id: int
    version: int
    source: str | None


def alias(language: str) -> str:
    """What a search asks."""
    return f"{settings.ELASTICSEARCH_PREFIX}-{language}-{schema.digest(language)}"


def versions(language: str) -> dict[str, bool]:
    """Those that are there: the one that is asked, and what is being built or was left behind (False)."""
    asked = alias(language)
    with _reached():
        found = client.writer(is_quick=True).indices.get_alias(index=f"{asked}-*", allow_no_indices=True)
        return {name: asked in told["aliases"] for name, told in sorted(found.items())}


def former(language: str) -> list[str]:
    """Versions of another kind, of releases that are gone: ours has been asked for longer than KEPT_FOR."""
    asked = [name for name, is_asked in versions(language).items() if is_asked]
    if not asked or datetime.now(UTC) - _made_at(asked[0]) < KEPT_FOR:
        return []
    ours = re.compile(
        rf"{re.escape(settings.ELASTICSEARCH_PREFIX)}-{language}-[0-9a-f]{{8}}-\d{{14}}-[0-9a-f]{{4}}"
    )
    with _reached():
        found = client.writer().indices.get_alias(index=f"{settings.ELASTICSEARCH_PREFIX}-{language}-*")
        names = [name for name in found if ours.fullmatch(name)]
    return [name for name in names if not name.startswith(f"{alias(language)}-")]


def _made_at(name: str) -> datetime:
    return datetime.strptime(name.split("-")[-2], STAMP).replace(tzinfo=UTC)


def create(language: str) -> str:
    """An empty version that is not asked yet; its name. From now on it is written like the one that is."""
    name = f"{alias(language)}-{datetime.now(UTC):{STAMP}}-{secrets.token_hex(2)}"
    body = schema.body(language)
    body["settings"] = {
        **body["settings"],
        "number_of_shards": 1,
        "number_of_replicas": 0,
        "refresh_interval": "-1",
        "gc_deletes": REMEMBERED,
        "translog": {"durability": "async"},  # what is lost with half an index is not missed
    }
    with _reached():
        client.writer().indices.create(index=name, aliases={name + WRITES: {}}, **body)
    return name


def open_up(name: str) -> None:
    """What was filled is made ready to be asked: on disk, found, copied where there is another node."""
    told = {
        "refresh_interval": AT_THE_LATEST,
        "auto_expand_replicas": "0-1",
        "translog.durability": "request",
    }
    with _reached():
        client.writer().indices.put_settings(index=name, settings=told)
        client.writer().indices.flush(index=name)
    refresh([name])


def swap(built: Mapping[str, str]) -> list[str]:
    """From now on these are asked, by language; the names of those that were. All at once."""
    actions: list[dict[str, Any]] = []
    before: list[str] = []
    for language, name in built.items():
        asked = alias(language)
        others = [other for other, is_asked in versions(language).items() if is_asked and other != name]
        actions += [{"remove": {"index": other, "alias": asked}} for other in others]
        actions.append({"add": {"index": name, "alias": asked}})
        before += others
    with _reached():
        client.writer().indices.update_aliases(actions=actions)
    return before


def drop(names: Iterable[str]) -> None:
    """They are not needed any more."""
    for name in names:
        with _reached():
            client.writer().indices.delete(index=name, ignore_unavailable=True)


def refresh(names: Sequence[str]) -> None:
    """What was written to them is found."""
    if names:
        with _reached():
            client.writer().indices.refresh(index=",".join(names), ignore_unavailable=True)


def count(name: str) -> int:
    """Documents in it, of those that are found."""
    with _reached():
        return int(client.writer().count(index=name)["count"])


def digests(language: str, after: int, upto: int | None) -> dict[int, str]:
    """Of the documents that are asked, by product, in (after, upto]."""
    found: dict[int, str] = {}
    while True:
        between = {"gt": after} if upto is None else {"gt": after, "lte": upto}
        with _reached():
            answer = client.writer().search(
                index=alias(language),
                query={"range": {"product_id": between}},
                sort=[{"product_id": "asc"}],
                size=MOST_HITS,
                source=False,
                docvalue_fields=[{"field": "digest"}],
            )
            hits = answer["hits"]["hits"]
            found |= {int(hit["_id"]): hit["fields"]["digest"][0] for hit in hits}
        if len(hits) < MOST_HITS:
            return found
        after = max(found)


def write(name: str, writes: Sequence[Write]) -> list[str]:
    """Writes what nobody has written with a later version; why the engine refuses some for good.

    Raises Away if others could not be written now; those that were may be written again.
    """
    refused: list[str] = []
    for lines in _lines(writes):
        with _reached():
            answer = client.writer().bulk(
                index=name + WRITES,
                operations=lines,  # type: ignore[arg-type]  # JSON already
                require_alias=True,
                filter_path="errors,items.*.status,items.*.error",
            )
            if answer["errors"]:
                refused += _refused(answer["items"])
    return refused


def _refused(items: Iterable[Mapping[str, Any]]) -> list[str]:
    found: list[str] = []
    for item in items:
        (told,) = item.values()
        status = int(told["status"])
        if "error" not in told or status in {NOT_THERE, OUTDATED}:
            continue
        why = told["error"].get("reason") or str(told["error"])
        if not 400 <= status < 500 or status in CLOSED:
            raise Away(f"a document could not be written: {why}")
        found.append(why)
    return found


def _lines(writes: Iterable[Write]) -> Iterator[list[str]]:
    lines: list[str] = []
    size = 0
    for pk, version, source in writes:
        told = f'{{"_id":"{pk}","version":{version},"version_type":"external_gte"}}'
        added = [f'{{"delete":{told}}}'] if source is None else [f'{{"index":{told}}}', source]
        length = sum(map(len, added))
        if lines and size + length > MOST_BYTES:
            yield lines
            lines, size = [], 0
        lines += added
        size += length
    if lines:
        yield lines


@contextmanager
def _reached() -> Iterator[None]:
    """Whatever the engine fails with, and what cannot be read in its answer, is Away."""
    try:
        yield
    except client.AWAY as error:
        raise Away(str(error)) from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Away(f"the engine's answer cannot be read: {error!r}") from error
