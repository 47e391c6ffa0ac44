"""Mails: by name, in the reader's language, and in the demo into a folder that a page shows."""

import pytest
from django.core import mail as outbox
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import include, path

from shop import mail, mailbox

TEMPLATES = {
    "emails/test/hello.subject.txt": "Hello,\n {{ name }}!",
    "emails/test/hello.txt": "Dear {{ name }},\n{{ language }} {{ site_url }}",
    "emails/test/hello.html": "<p>Dear {{ name }}</p>",
}
urlpatterns = [path("dev/mail/", include("shop.mailbox"))]
handler404 = "tests.shop.test_mail.not_found"


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return HttpResponse(status=404)


@pytest.fixture(autouse=True)
def _these_templates(settings, tmp_path):
    for name, text in TEMPLATES.items():
        file = tmp_path / "templates" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    jinja, django = settings.TEMPLATES
    settings.TEMPLATES = [{**jinja, "DIRS": [tmp_path / "templates", *jinja["DIRS"]]}, django]
    settings.MAILBOX_DIR = tmp_path / "mail"


def test_a_mail_has_a_subject_a_text_and_html():
    mail.send("test/hello", "ada@example.test", {"name": "Ada <3"}, language="en-gb")
    (sent,) = outbox.outbox
    assert sent.to == ["ada@example.test"]
    assert sent.subject == "Hello, Ada <3!"
    assert sent.body.startswith("Dear Ada <3,\nen-gb http")
    assert sent.alternatives[0].content == "<p>Dear Ada &lt;3</p>"


def test_a_mail_sent_twice_is_the_same_mail():
    for key in ("order 1", "order 1", "order 2"):
        mail.send("test/hello", "ada@example.test", {"name": "Ada"}, key=key)
    ids = [sent.message()["Message-ID"] for sent in outbox.outbox]
    assert ids[0] == ids[1] != ids[2]


@pytest.fixture
def kept(settings):
    settings.EMAIL_BACKEND = "shop.mailbox.MailboxBackend"
    mail.send("test/hello", "ada@example.test", {"name": "Ada"})
    mail.send("test/hello", "bob@example.test", {"name": "Böb"})
    return mailbox.messages()


def test_the_demo_keeps_mails_in_a_folder(kept):
    assert {message["to"] for message in kept} == {"ada@example.test", "bob@example.test"}
    bob = next(message for message in kept if message["to"].startswith("bob"))
    assert (bob["subject"], bob["html"].strip()) == ("Hello, Böb!", "<p>Dear Böb</p>")
    assert mailbox.message(bob["id"]) == bob


@pytest.mark.parametrize(
    "name", ["../secret", "20261123010101-nothex", ".hidden", "20261123010101-0123456789ab"]
)
def test_no_other_file_is_shown(name):
    assert mailbox.message(name) is None


@override_settings(ROOT_URLCONF=__name__, DEMO=False)
def test_only_the_demo_shows_everybodys_mail(client, kept):
    assert client.get("/dev/mail/").status_code == 404
    assert client.get(f"/dev/mail/{kept[0]['id']}/").status_code == 404
