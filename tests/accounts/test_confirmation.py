"""Whose address it is: shown by a link that is followed while logged in, and by nothing else."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts import confirmation, links
from accounts.models import User
from tests.accounts.conftest import link, sent
from tests.factories import make_user

pytestmark = pytest.mark.django_db

NEW = {"email": "new@example.com", "name": "Grace Hopper", "password": "a few words"}


def test_the_welcome_mail_confirms_the_address(client: Client) -> None:
    client.post("/account/register/", NEW)
    assert "One thing is left: your address" in client.get("/account/").content.decode()
    (message,) = sent()
    page = client.get(link(message)).content.decode()
    assert "new@example.com" in page
    # Programs that look at mails follow links: that alone does nothing.
    assert not User.objects.get().is_confirmed
    assert client.post(link(message))["Location"] == "/account/"
    assert User.objects.get().is_confirmed
    page = client.get("/account/").content.decode()
    assert "your address is confirmed" in page
    assert "One thing is left" not in page


def test_the_link_alone_confirms_nothing(client: Client) -> None:
    """Else whoever registers a stranger's address waits for a click, and reads the stranger's orders."""
    client.post("/account/register/", NEW)
    (message,) = sent()
    stranger = Client()
    path = link(message)
    for answer in (stranger.get(path), stranger.post(path)):
        assert answer["Location"] == f"/account/login/?next={path}"
    stranger.force_login(make_user())
    for answer in (stranger.get(path), stranger.post(path)):
        assert answer.status_code == 410
        assert "new@example.com" not in answer.content.decode()
    assert not User.objects.exclude(confirmed_email="").exists()


def test_another_accounts_link_confirms_nothing(client: Client) -> None:
    ada, eve = make_user(), make_user()
    with pytest.raises(confirmation.LinkOver):
        confirmation.confirm(eve, links.token(links.CONFIRM, ada))


def test_following_it_twice_is_well(client: Client) -> None:
    ada = make_user()
    client.force_login(ada)
    path = f"/account/confirm/{links.token(links.CONFIRM, ada)}/"
    for _ in range(2):
        assert client.post(path).status_code == 302
    assert client.get(path)["Location"] == "/account/"
    assert "confirmed already" in client.get("/account/").content.decode()


def test_the_link_is_over_after_seven_days_and_with_another_address(client: Client) -> None:
    ada = make_user()
    path = f"/account/confirm/{links.token(links.CONFIRM, ada)}/"
    client.force_login(ada)
    with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1)):
        assert client.post(path).status_code == 410
    User.objects.update(email="other@example.com")
    assert client.post(path).status_code == 410
    assert not User.objects.get().is_confirmed


def test_an_address_that_was_changed_by_any_way_is_not_confirmed() -> None:
    make_user("ada@example.com", confirmed_email="ada@example.com")
    assert User.objects.get().is_confirmed
    User.objects.update(email="ADA@example.com")
    assert User.objects.get().is_confirmed
    User.objects.update(email="eve@example.com")
    assert not User.objects.get().is_confirmed
    assert not User(email="", confirmed_email="").is_confirmed


def test_the_link_can_be_sent_again_a_few_times(client: Client) -> None:
    ada = make_user()
    client.force_login(ada)
    for _ in range(7):
        assert client.post("/account/confirm/")["Location"] == "/account/"
    assert "asked for very often" in client.get("/account/").content.decode()
    messages = sent()
    assert len(messages) == 5
    client.post(link(messages[-1]))
    assert User.objects.get().is_confirmed
    client.post("/account/confirm/")
    assert "confirmed already" in client.get("/account/").content.decode()
    assert sent() == []


def test_who_has_confirmed_meanwhile_gets_no_mail(client: Client) -> None:
    ada = make_user()
    client.force_login(ada)
    client.post("/account/confirm/")
    User.objects.update(confirmed_email=ada.email)
    assert sent() == []
