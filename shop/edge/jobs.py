"""The edge's outbox jobs."""

from collections.abc import Sequence

from shop.edge import canary, freshness, receipts
from shop.edge.purges import PurgeFailed
from shop.outbox.away import Away


def purge(keys: Sequence[str], causes: Sequence[int] = (), token: int = 0) -> None:
    """The second purge, and the retry of a first that failed, which the receipts of `causes` know by a token.

    Raises PurgeFailed until it succeeds. What one try has purged the next one leaves alone: a provider that
    takes so many calls a minute would never take them all.
    """
    try:
        pages = freshness.purge(keys)
    except PurgeFailed as error:
        error.left = [freshness.left(keys, error), list(causes), token]
        raise
    receipts.settle(causes, pages, token)


def look_at_the_canary() -> None:
    """Each minute: do purges have effect?"""
    canary.check()


def forget_receipts() -> None:
    """Each minute: a merchant looks for a day at most."""
    receipts.forget()


def let_everything_go() -> None:
    """Again, when the last node of the release before has left."""
    outcome = freshness.let_go({freshness.WHOLE})
    if not outcome.is_marked or outcome.error:
        raise Away(outcome.error or "the marks are away")
