"""What the outbox calls by name: ids in, idempotent, the truth read anew."""

from collections.abc import Sequence
from datetime import time, timedelta

from django.utils import timezone

from catalog import cards, delivery, images, neighbours, pricing
from catalog.importing import run
from catalog.search import comparing, counting, keeping, learning, rebuilding, repairing
from catalog.stock import rush
from shop.changes import projector
from shop.outbox import outbox

NIGHT = time(3, 20)  # when rare searches are forgotten
BATCHES = 10  # then others have their turn


def apply_sales(price_ids: Sequence[int]) -> None:
    """A sale of these prices begins or ends about now."""
    pricing.apply_sales(price_ids)
    projector.ring()


def rebuild_cards(product_ids: Sequence[int]) -> None:
    """Something about these products changes by the clock: they are published, or new no longer."""
    cards.rebuild(product_ids)
    projector.ring()


def render_image(image_id: int) -> None:
    """All renditions of a picture."""
    images.render(image_id)


def choose_neighbours() -> None:
    """Many products have come, or moved: whom each of them stands beside."""
    neighbours.choose_now()
    projector.ring()


def ease_rush(variant_ids: Sequence[int]) -> None:
    """Buyers have waited for each other at one of these."""
    rush.ease(variant_ids)


def calm_rushes() -> None:
    """A round of the relay: what sold in a rush, and does no more, is one row again."""
    rush.calm()


def index_stale() -> None:
    """The search engine is told what it has not heard yet."""
    keeping.index_stale()


def look_after_documents() -> None:
    """A round of the relay: what the search engine lacks; next night's repair and comparison."""
    keeping.look()
    rebuilding.plan()
    repairing.plan()
    comparing.plan()


def build_index() -> None:
    """The search engine has no index of the kind that this release asks."""
    rebuilding.build()


def repair_documents(after: int) -> None:
    """Each night, a slice: what the search engine has is compared with what it should have."""
    repairing.repair(after)


def compare_searches() -> None:
    """Each night: the database is asked what the search engine is asked every day."""
    comparing.compare()


def run_import(run_id: int) -> None:
    """A slice of a merchant's import."""
    run.work(run_id)


def clear_uploads() -> None:
    """A round of the relay: what was sent to be imported long ago is deleted."""
    run.clear_uploads()


def keep_promises() -> None:
    """A round of the relay: a market that is new has none yet."""
    delivery.keep()


def write_searches() -> None:
    """A round of the relay: what was searched for in the last minute; next night some of it is forgotten."""
    counting.write()
    now = timezone.localtime()
    night = now.replace(hour=NIGHT.hour, minute=NIGHT.minute, second=0, microsecond=0)
    due = night if night > now else night + timedelta(days=1)
    outbox.enqueue("catalog.forget_searches", queue="low", due=due, once=True)


def forget_searches() -> None:
    """What few have searched for; if there is more of it, in a minute again."""
    if all(counting.forget() for _batch in range(BATCHES)):
        outbox.enqueue("catalog.forget_searches", queue="low", due_in=timedelta(minutes=1))


def keep_vocabulary() -> None:
    """A round of the relay: words of goods that have come since are learned."""
    learning.keep()


def learn_words(language: str) -> None:
    """The words that a language's goods bear."""
    learning.learn(language)
