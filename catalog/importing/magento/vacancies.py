"""Categories without goods: the menu would lead to nothing."""

from dataclasses import replace

from django.utils.translation import gettext as _

from catalog.importing.magento.trails import key
from catalog.importing.records import Reading
from catalog.models import Category


def hide(reading: Reading) -> None:
    """A category that none of the goods stand in is unpublished when it is made, never later.

    One that has waited and has goods now is named: only its merchant knows whether it should be seen.
    """
    if not reading.products:  # categories alone: their goods may follow
        return
    homes = [home for record in reading.products if record.is_published for home in record.homes or ()]
    full = {key(home[:length]) for home in homes for length in range(1, len(home) + 1)}
    told = [record.slug for record in reading.categories if record.slug and record.is_published]
    waiting = set(Category.objects.filter(slug__in=told, is_published=False).values_list("slug", flat=True))
    for number, record in enumerate(reading.categories):
        name = "/".join(record.trail)[:200]
        if not record.is_published:
            continue
        if key(record.trail) not in full:
            reading.categories[number] = replace(record, is_published=False)
            reason = _("No goods stand in the category: a new one waits unpublished.")
            reading.warn(record.place, reason, name, "empty category")
        elif record.slug in waiting:
            reason = _("The category has goods and is not published in the shop.")
            reading.warn(record.place, reason, name, "hidden category")
