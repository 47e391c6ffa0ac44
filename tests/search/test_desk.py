"""The search engine on the desk's first page: quiet while all is well, else what to do."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from catalog.models import Refreshed, StaleDocument
from catalog.search import indices, rebuilding
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def _built(settings: Any) -> None:
    """Nobody asks the engine for this page."""
    settings.ELASTICSEARCH_URL = "http://127.0.0.1:9"
    Refreshed.objects.create(alias=indices.alias("en"))


def said(group: str = "Merchant") -> str:
    user, client = make_user(is_staff=True), Client()
    user.groups.set(Group.objects.filter(name=group))
    client.force_login(user)
    page = client.get(reverse("admin:index")).content.decode()
    return " ".join(page.partition('aria-label="The search engine"')[2].partition("</section>")[0].split())


def test_without_an_engine_nothing_is_said() -> None:
    assert said() == ""


@pytest.mark.usefixtures("_built")
def test_an_engine_that_hears_of_edits_is_not_mentioned() -> None:
    StaleDocument.objects.create(product_id=1)
    assert said() == ""


@pytest.mark.usefixtures("_built")
def test_one_that_does_not_is_said_with_what_to_look_at() -> None:
    StaleDocument.objects.create(product_id=1, noted_at=timezone.now() - timedelta(minutes=15))
    assert "has not heard of edits for 15" in said()
    assert "Nothing is lost" in said()


@pytest.mark.usefixtures("_built")
def test_an_index_that_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    Refreshed.objects.all().delete()
    assert "built by itself" in said()
    monkeypatch.setattr(rebuilding, "UNASKED", -1)
    assert "manage.py reindex" in said()


@pytest.mark.usefixtures("_built")
def test_who_may_not_see_the_machinery_hears_nothing() -> None:
    Refreshed.objects.all().delete()
    assert said("none") == ""
