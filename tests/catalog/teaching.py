"""What the tests of search on the desk share: who is there, what a page says, what an edit purges."""

import re
from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import Group
from django.test import Client

from catalog.on_search import RULES
from shop.changes.models import Change
from shop.changes.rules import Effects
from tests.factories import make_user

SYNONYMS = "/admin/catalog/synonym/"
STEERED = "/admin/catalog/steeredquery/"
SEARCHES = "/admin/catalog/querycount/"


def member(client: Client, group: str) -> Client:
    user = make_user(is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client.force_login(user)
    return client


def text_of(answer: Any) -> str:
    text = re.sub(r"<script.*?</script>|<[^>]+>", " ", answer.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", text)


def purged(edit: Callable[[], object]) -> set[str]:
    """Of which markets an edit purges the searches, as the rules say."""
    Change.objects.all().delete()
    edit()
    effects = Effects()
    for change in Change.objects.order_by("pk"):
        if change.model in RULES:
            RULES[change.model](list(change.noted()), effects)
    return {key.removeprefix("search/") for key in effects.keys}
