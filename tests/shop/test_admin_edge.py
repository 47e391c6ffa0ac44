"""The edge on the desk's first page: what it says, and to whom."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from shop.changes.models import Change
from shop.edge.models import State
from shop.outbox.models import Message
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _edge(settings: Any) -> None:
    settings.EDGE_BACKEND = "varnish"
    State.objects.update_or_create(pk=1, defaults={"canary_at": timezone.now(), "canary_error": ""})


def said(group: str = "Merchant") -> str:
    user, client = make_user(is_staff=True), Client()
    user.groups.set(Group.objects.filter(name=group))
    client.force_login(user)
    page = client.get(reverse("admin:index")).content.decode()
    return " ".join(page.partition('<section class="edge"')[2].partition("</section>")[0].split())


def failing(**fields: Any) -> Message:
    error = "Traceback …\nshop.edge.purges.PurgeFailed: http://edge-2: <no> answer\n"
    return Message.objects.create(job="edge.purge", args=[["html"], [7]], error=error, **fields)


def test_all_is_well_and_that_is_said_quietly() -> None:
    Message.objects.create(job="edge.purge", args=[["html"], []])
    Change.objects.create(model="catalog.product", columns=[], rows=[])
    text = said()
    assert "pill-good soft" in text
    assert "Edits go live: purges have an effect, seen <time" in text
    assert "<a " not in text


def test_where_there_is_no_edge_nothing_is_said(settings: Any) -> None:
    settings.EDGE_BACKEND = "null"
    State.objects.all().delete()
    assert said() == ""


@pytest.mark.parametrize("backend", ["varnish", "null"])
def test_an_edit_that_waits_is_told_with_what_to_start(settings: Any, backend: str) -> None:
    settings.EDGE_BACKEND = backend
    change = Change.objects.create(model="catalog.product", columns=[], rows=[])
    Change.objects.update(at=timezone.now() - timedelta(minutes=3))
    failing()
    text = said()
    assert "pill-bad" in text
    assert "The oldest edit that is not live yet is 3 minutes old." in text
    assert "Have the relay (manage.py relay) and the worker of the queue" in text
    Change.objects.filter(pk=change.pk).update(done_at=timezone.now())
    assert "oldest" not in said()


def test_a_purge_that_fails_is_told_with_its_reason_and_leads_to_its_message(client: Client) -> None:
    failing()
    text = said()
    assert "Some pages at the edge are still old" in text
    assert "http://edge-2: &lt;no&gt; answer" in text
    assert "Traceback" not in text
    url = text.partition('href="')[2].partition('"')[0]
    client.force_login(make_user(is_staff=True, is_superuser=True))
    assert client.get(url).context["cl"].result_count == 1


@pytest.mark.parametrize("ended", ["done_at", "dead_at"])
def test_a_purge_that_is_tried_no_more_is_not_tried_again(ended: str) -> None:
    failing(**{ended: timezone.now()})
    assert "still old" not in said()


def test_purges_without_effect_are_told() -> None:
    State.objects.update(canary_error="purges have no effect at http://edge-1")
    text = said()
    assert "Purges have no effect at the edge." in text
    assert "EDGE_BACKEND" in text
    assert "http://edge-1" in text


@pytest.mark.parametrize(
    ("seen", "since"), [(None, "is not known yet"), (timedelta(minutes=11), "is not known since <time")]
)
def test_what_is_not_known_of_purges_is_told_with_its_reason(seen: timedelta | None, since: str) -> None:
    State.objects.update(
        canary_at=seen and timezone.now() - seen, canary_unknown="http://edge-1: answered 503"
    )
    text = said()
    assert since in text
    assert "whether purges have an effect. See that the relay runs" in text
    assert "http://edge-1: answered 503" in text
    assert "pill-low" in text


def test_a_moment_of_not_knowing_is_none_to_tell() -> None:
    State.objects.update(canary_unknown="http://edge-1: answered 503")
    assert "pill-good" in said()


def test_who_may_not_see_the_machinery_reads_nothing_of_it() -> None:
    failing()
    assert said("Support") == ""


@pytest.mark.parametrize(("ago", "span"), [(12, "12 seconds"), (61, "61 seconds"), (150, "2 minutes")])
def test_how_old_it_is_is_said_in_what_it_is_counted(ago: int, span: str) -> None:
    Change.objects.create(model="catalog.product", columns=[], rows=[])
    Change.objects.update(at=timezone.now() - timedelta(seconds=ago))
    assert f"The oldest edit that is not live yet is {span} old." in said().replace("\xa0", " ")


def test_a_large_edit_that_is_being_followed_is_nobodys_fault() -> None:
    Change.objects.create(model="catalog.price", columns=[], rows=[])
    soon = timezone.now() + timedelta(minutes=1)
    Change.objects.update(at=timezone.now() - timedelta(seconds=40), lease_until=soon)
    text = said()
    assert "A large edit is on its way to its pages, for 40 seconds so far" in text
    assert "pill-low" in text
