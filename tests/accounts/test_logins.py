"""Where one is logged in: each browser in plain words, logged out from another one."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts import agents
from accounts.models import Login, User
from tests.factories import make_user

pytestmark = pytest.mark.django_db

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1"
)


def logged_in(user: User, agent: str = FIREFOX) -> Client:
    client = Client(HTTP_USER_AGENT=agent)
    client.post("/account/login/", {"email": user.email, "password": "correct horse"})
    return client


@pytest.fixture
def ada() -> User:
    return make_user("ada@example.com")


def test_each_browser_is_named_and_this_one_marked(ada: User) -> None:
    desk, _phone = logged_in(ada), logged_in(ada, IPHONE)
    logged_in(make_user(), "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/145.0")
    page = desk.get("/account/logins/").content.decode()
    assert page.index("Firefox on Linux") < page.index("Safari on iPhone")
    assert page.count("This browser") == 1
    assert "Windows" not in page


def test_two_browsers_of_one_name_are_told_apart_by_time_and_kind(ada: User) -> None:
    mobile = "Mozilla/5.0 (X11; Linux x86_64) Chrome/142.0.0.0 Mobile Safari/537.36"
    with time_machine.travel(datetime(2026, 3, 4, 9, 17, tzinfo=UTC), tick=False):
        logged_in(ada, mobile)
    with time_machine.travel(datetime(2026, 3, 5, 20, 41, tzinfo=UTC), tick=False):
        desk = logged_in(ada, mobile.replace(" Mobile", ""))
        page = " ".join(desk.get("/account/logins/").content.decode().split())
    assert page.count('<b class="logins__name">Chrome on Linux') == 2
    local = [timezone.localtime(row.created_at).strftime("%H:%M") for row in Login.objects.order_by("-pk")]
    assert f"Computer · logged in on 5 March 2026, {local[0]}" in page
    assert f"Phone or tablet · logged in on 4 March 2026, {local[1]} · last used on 4 March" in page


def test_one_browser_is_logged_out_and_no_other(ada: User) -> None:
    desk, phone, third = logged_in(ada), logged_in(ada, IPHONE), logged_in(ada)
    row = Login.objects.get(agent=IPHONE)
    assert desk.post("/account/logins/end/", {"login": row.pk})["Location"] == "/account/logins/"
    assert phone.get("/account/")["Location"] == "/account/login/?next=/account/"
    assert [client.get("/account/").status_code for client in (desk, third)] == [200, 200]
    # Its session is over, not only refused.
    assert Session.objects.count() == 2


def test_all_others_are_logged_out(ada: User) -> None:
    desk, phone, third = logged_in(ada), logged_in(ada, IPHONE), logged_in(ada)
    desk.post("/account/logins/end/", {"login": "others"})
    assert [client.get("/account/").status_code for client in (phone, third)] == [302, 302]
    assert "2 browsers are logged out." in desk.get("/account/logins/").content.decode()


@pytest.mark.parametrize("tampered", ["", "x", "٣", "-1", "9" * 30, "0"])
def test_nobody_elses_browser_is_logged_out(ada: User, tampered: str) -> None:
    eve, desk = logged_in(make_user()), logged_in(ada)
    row = Login.objects.get(user=ada)
    for wanted in (str(row.pk), tampered, "others"):
        assert eve.post("/account/logins/end/", {"login": wanted}).status_code == 302
    assert desk.get("/account/").status_code == 200


def test_a_session_without_its_row_reaches_neither_cart_nor_desk(ada: User) -> None:
    User.objects.update(is_staff=True, is_superuser=True)
    desk = logged_in(ada)
    assert desk.get("/admin/").status_code == 200
    Login.objects.all().delete()
    assert desk.get("/admin/").status_code == 302
    assert "_auth_user_id" not in desk.session


def test_a_login_from_before_there_were_rows_gets_one(ada: User) -> None:
    desk = logged_in(ada)
    session = desk.session
    del session["login"]
    session.save()
    Login.objects.all().delete()
    assert desk.get("/account/").status_code == 200
    assert Login.objects.get().agent == FIREFOX


def test_logging_out_takes_the_row_along_and_logging_in_again_is_one_row(ada: User) -> None:
    desk = logged_in(ada)
    desk.post("/account/logout/")
    assert not Login.objects.exists()
    logged_in(ada)
    assert Login.objects.count() == 1


def test_its_use_is_noted_once_an_hour_and_keeps_the_session(ada: User) -> None:
    now, desk = timezone.now(), logged_in(ada)
    with time_machine.travel(now + timedelta(minutes=59)):
        desk.get("/account/")
    assert Login.objects.get().seen_at < now + timedelta(minutes=1)
    for day in (20, 40):  # a session that is used every 20 days outlives its 30
        with time_machine.travel(now + timedelta(days=day)):
            assert desk.get("/account/").status_code == 200
        assert Login.objects.get().seen_at >= now + timedelta(days=day)
        assert Session.objects.get().expire_date >= now + timedelta(days=day + 30)


def test_rows_whose_sessions_have_run_out_are_forgotten(ada: User) -> None:
    logged_in(ada)
    Login.objects.update(seen_at=timezone.now() - timedelta(days=31))
    desk = logged_in(ada, IPHONE)
    assert Login.objects.count() == 1
    assert "Firefox" not in desk.get("/account/logins/").content.decode()


def test_a_page_for_everyone_looks_at_no_row(ada: User) -> None:
    desk = logged_in(ada)
    Login.objects.all().delete()
    assert desk.get("/").status_code == 200
    assert "_auth_user_id" in desk.session


@pytest.mark.parametrize("agent", ["", "\x07" * 40, "<script>alert(1)</script>", "x" * 5000, "Ünïcode 🂡"])
def test_no_browsers_name_breaks_the_list(ada: User, agent: str) -> None:
    page = logged_in(ada, agent).get("/account/logins/").content.decode()
    assert "A browser we do not know" in page
    assert "<script>alert" not in page


@pytest.mark.parametrize(
    ("agent", "name", "is_hand_held"),
    [
        (FIREFOX, "Firefox on Linux", False),
        (IPHONE, "Safari on iPhone", True),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/142.0 Safari/537.36 Edg/142.0",
            "Edge on Windows",
            False,
        ),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/142.0.0.0 Mobile Safari/537.36", "Chrome on Android", True),
        (
            "Mozilla/5.0 (Linux; Android 15) SamsungBrowser/28.0 Chrome/130.0",
            "Samsung Internet on Android",
            True,
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.5 Safari/605.1.15",
            "Safari on Mac",
            False,
        ),
        ("Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) CriOS/142.0 Safari/604.1", "Chrome on iPad", True),
        ("Mozilla/5.0 (X11; CrOS x86_64 14541) Chrome/142.0 Safari/537.36", "Chrome on ChromeOS", False),
        ("Mozilla/5.0 (Mobile; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5", "Firefox", True),
        ("curl/8.0", "A browser we do not know", False),
        ("Mozilla/5.0 (Windows NT 10.0)", "Windows", False),
    ],
)
def test_browsers_are_told_in_plain_words(agent: str, name: str, is_hand_held: bool) -> None:
    assert agents.named(agent) == name
    assert agents.is_hand_held(agent) is is_hand_held
