"""repair(): what the engine has is compared with what it should have; what differs is noted.

Nothing should: the notes see to that. But an index may be restored from a backup, and documents be deleted
by hand.
"""

import logging
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from catalog.models import Refreshed
from catalog.search import client, documents, indices, keeping, schema
from catalog.search.client import Away
from shop.outbox.outbox import enqueue

logger = logging.getLogger(__name__)

JOB = "catalog.repair_documents"
SLICE = 2_000  # products of a job: some seconds
HOUR, MINUTE = 3, 40  # at night, in the shop's time


def plan() -> None:
    """A round: the next night's repair is written down, once."""
    if client.is_configured():
        with transaction.atomic():
            enqueue(JOB, 0, queue="low", due=next_night(timezone.localtime()), once=True)


def next_night(now: datetime) -> datetime:
    """When the next one begins."""
    tonight = now.replace(hour=HOUR, minute=MINUTE, second=0, microsecond=0)
    return tonight if tonight > now else tonight + timedelta(days=1)


def repair(after: int) -> int:
    """Notes what is missing, differs, or has no product, among those behind this id; how many. Then the next.

    What an edit is changing just now may be noted needlessly.
    """
    if not client.is_configured():
        return 0
    ids = _ids(after)
    upto = ids[-1] if len(ids) == SLICE else None  # None: to the end
    try:
        if _missing():
            return 0
        there = {language: indices.digests(language, after, upto) for language in schema.languages()}
    except Away as error:
        logger.warning("The documents of the search engine cannot be compared today: %s", error)
        return 0
    wrong = _wrong(ids, there)
    if wrong:
        logger.warning(
            "The search engine had %d documents that were not true, as of %s", len(wrong), wrong[:5]
        )
    if upto is None:
        _clear_up()
    with transaction.atomic():
        keeping.note(wrong)
        if upto is not None:
            enqueue(JOB, upto, queue="low")
    return len(wrong)


def _missing() -> bool:
    """Whether an index that was built is not there any more: then it is as if it never had been."""
    lost = [language for language in schema.languages() if not any(indices.versions(language).values())]
    known = Refreshed.objects.filter(alias__in=[indices.alias(language) for language in lost])
    if lost and known.delete()[0]:
        logger.error("The search engine has lost the index of %s: run reindex.", ", ".join(lost))
    return bool(lost)


def _clear_up() -> None:
    """What releases that are gone have asked is dropped."""
    try:
        for language in schema.languages():
            names = indices.former(language)
            indices.drop(names)
            Refreshed.objects.filter(alias__in={name.rsplit("-", 2)[0] for name in names}).delete()
    except Away as error:
        logger.warning("Old indices could not be dropped, the next night will: %s", error)


def _wrong(ids: list[int], there: dict[str, dict[int, str]]) -> list[int]:
    wrong: set[int] = set()
    for found in there.values():
        wrong |= found.keys() - set(ids)
    for start in range(0, len(ids), keeping.BATCH):
        batch = ids[start : start + keeping.BATCH]
        for language, made in documents.made(batch).items():
            for pk in batch:
                should = made[pk].digest if pk in made else None
                if there[language].get(pk) != should:
                    wrong.add(pk)
    return sorted(wrong)


def _ids(after: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT product_id FROM catalog_card WHERE product_id > %s ORDER BY product_id LIMIT %s",
            [after, SLICE],
        )
        return [pk for (pk,) in cursor.fetchall()]
