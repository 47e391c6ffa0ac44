"""The desk's doors: how often one may knock, and what somebody reads who is not let in."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from redis.exceptions import ConnectionError as RedisAway

from accounts.models import User
from tests.factories import make_page, make_user

pytestmark = pytest.mark.django_db
LOGIN = "/admin/login/"
QUEUES = "/admin/django_rq/dashboard/"
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


@pytest.fixture(autouse=True)
def still() -> Iterator[None]:
    """The limits count by the clock's minutes, and a slow machine takes more than one for ten attempts."""
    with time_machine.travel(timezone.now(), tick=False):
        yield


def member(group: str) -> User:
    user = make_user(is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    return user


def knock(client: Client, email: str, password: str = "wrong words", **headers: str) -> Any:
    return client.post(LOGIN, {"username": email, "password": password}, **headers)


# --- Logging in ------------------------------------------------------------------------------------------


def test_who_tries_too_often_waits_even_with_the_right_password(client: Client) -> None:
    boss = make_user(is_staff=True)
    for _attempt in range(10):
        assert knock(client, boss.email).status_code == 200
    answer = knock(client, boss.email, "correct horse")
    assert answer.status_code == 429
    assert "Too many attempts. Please wait five minutes" in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_an_account_is_guarded_whatever_address_the_attempts_come_from(client: Client) -> None:
    boss, other = make_user(is_staff=True), make_user(is_staff=True)
    for number in range(11):
        answer = knock(client, boss.email.upper(), REMOTE_ADDR=f"10.0.0.{number}")
    assert answer.status_code == 429
    assert knock(client, other.email, "correct horse", REMOTE_ADDR="10.0.1.1").status_code == 302


def test_the_storefronts_door_and_this_one_count_together(client: Client) -> None:
    boss = make_user(is_staff=True)
    for number in range(10):
        form = {"email": boss.email, "password": "wrong words"}
        client.post("/account/login/", form, REMOTE_ADDR=f"10.0.0.{number}")
    assert knock(client, boss.email, "correct horse").status_code == 429


def test_nobody_locks_the_staff_out_of_a_browser_that_was_here_before(client: Client) -> None:
    boss = make_user(is_staff=True)
    assert knock(client, boss.email, "correct horse").status_code == 302
    client.post("/admin/logout/")
    for number in range(11):
        knock(Client(), boss.email, REMOTE_ADDR=f"10.0.0.{number}")
    assert knock(client, boss.email, "correct horse").status_code == 302


def test_who_logs_in_often_uses_nothing_up(client: Client) -> None:
    boss = make_user(is_staff=True)
    for number in range(12):
        assert knock(Client(), boss.email, "correct horse", REMOTE_ADDR=f"10.0.0.{number}").status_code == 302


def test_a_wrong_password_reads_like_an_account_that_is_no_staff(client: Client) -> None:
    boss, buyer = make_user(is_staff=True), make_user()
    answers = [knock(client, boss.email), knock(client, buyer.email, "correct horse")]
    for answer in answers:
        assert "do not belong together, or the account is not of our staff" in answer.content.decode()


# --- Refused ---------------------------------------------------------------------------------------------


def test_a_form_without_its_token_is_refused_in_the_desks_own_words() -> None:
    desk = Client(enforce_csrf_checks=True)
    desk.force_login(make_user(is_staff=True, is_superuser=True))
    page = make_page("Delivery")
    url = reverse("admin:catalog_page_change", args=[page.pk])
    answer = desk.post(url, {"title": "Mine"}, headers={"Referer": f"http://testserver{url}"})
    text = answer.content.decode()
    assert answer.status_code == 403
    assert "Nothing was saved" in text
    assert "Merchant desk" in text
    assert f'href="{url}">Load the page anew' in text
    assert f'href="{LOGIN}?next={url}"' in text
    assert "To the shop" not in text
    page.refresh_from_db()
    assert page.title == "Delivery"


@pytest.mark.parametrize("referer", ["", "https://evil.example/admin/x/", "http://testserver/p/a-print/"])
def test_the_way_back_from_a_refusal_leads_to_the_desk_and_nowhere_else(referer: str) -> None:
    desk = Client(enforce_csrf_checks=True)
    desk.force_login(make_user(is_staff=True))
    answer = desk.post("/admin/logout/", headers={"Referer": referer} if referer else {})
    assert 'href="/admin/">Load the page anew' in answer.content.decode()


def test_another_sites_login_form_is_refused_by_the_desk_to_a_stranger_too() -> None:
    answer = Client(enforce_csrf_checks=True).post(LOGIN, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert "Nothing was saved" in answer.content.decode()
    assert "nav-sidebar" not in answer.content.decode()


def test_who_may_not_reads_that_and_not_of_forms_from_elsewhere(client: Client) -> None:
    client.force_login(member("Support"))
    answer = client.get(reverse("admin:accounts_user_add"))
    assert answer.status_code == 403
    assert "This is not yours to do" in answer.content.decode()
    assert "did not come from here" not in answer.content.decode()


def test_what_is_not_there_is_missed_on_the_desk(client: Client) -> None:
    client.force_login(member("Merchant"))
    answer = client.get("/admin/no/such/page/")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()


# --- The machinery ---------------------------------------------------------------------------------------

MACHINERY = ("", "queues/0/", "queues/0/empty/", "queues/0/failed/", "workers/0/", "stats.json")


@pytest.mark.parametrize("group", ["Merchant", "Support"])
@pytest.mark.parametrize("page", MACHINERY)
def test_the_queues_are_not_for_all_the_staff(client: Client, group: str, page: str) -> None:
    client.force_login(member(group))
    assert client.get(QUEUES + page).status_code == 403
    assert client.post(QUEUES + page).status_code == 403


@pytest.mark.parametrize("page", MACHINERY)
def test_who_runs_the_machinery_sees_it(client: Client, redis: object, page: str) -> None:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    assert client.get(QUEUES + page).status_code == 200


def test_a_stranger_is_sent_to_the_login_from_the_figures_as_well(client: Client) -> None:
    assert client.get(QUEUES + "stats.json")["Location"].startswith(LOGIN)


def test_the_queues_have_no_rows_to_add_or_change(client: Client) -> None:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    for page in ("add/", "1/change/", "1/delete/"):
        assert client.get(QUEUES + page).status_code == 404


def test_without_redis_the_desk_says_so_and_stands(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(**kwargs: Any) -> None:
        raise RedisAway

    monkeypatch.setattr("django_rq.stats_views.get_statistics", away)
    client.force_login(make_user(is_staff=True, is_superuser=True))
    answer = client.get(QUEUES, follow=True)
    assert answer.redirect_chain == [("/admin/", 302)]
    assert "Redis does not answer" in answer.content.decode()
