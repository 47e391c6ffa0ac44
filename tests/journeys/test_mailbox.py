"""The demo's mailbox: a mail is shown whole, and can do nothing to the page around it."""

from pathlib import Path

import pytest
from playwright.sync_api import Page
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from shop import mailbox

pytestmark = pytest.mark.django_db(transaction=True)

MAIL = """Subject: Hello
From: shop@example.test
To: ada@example.test
Date: Mon, 23 Nov 2026 12:00:00 -0000
MIME-Version: 1.0
Content-Type: text/html; charset=utf-8

<html><body style="margin:0"><div style="height:{height}px">tall</div><p id="end">the end</p>
<script>parent.document.title = "taken over"</script></body></html>
"""


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    settings.MAILBOX_DIR, settings.DEMO = tmp_path, True
    return tmp_path


@pytest.mark.parametrize("height", [40, 2400])
def test_a_mail_is_shown_whole(page: Page, live_server: LiveServer, folder: Path, height: int) -> None:
    (folder / "20261123120000-0123456789ab.eml").write_text(MAIL.format(height=height))
    page.goto("/dev/mail/20261123120000-0123456789ab/")
    page.wait_for_function("document.querySelector('.mail').style.height.endsWith('px')")
    frame = page.locator("iframe.mail").bounding_box()
    assert frame
    assert 0 <= frame["height"] - height < 90
    assert page.title() != "taken over"


def test_a_mails_time_is_told_in_the_shops_zone(folder: Path) -> None:
    (folder / "20261123120000-0123456789ab.eml").write_text(MAIL.format(height=1))
    (mail,) = mailbox.messages()
    assert mail["at"] is not None
    assert mail["at"].isoformat() == "2026-11-23T12:00:00+00:00"
