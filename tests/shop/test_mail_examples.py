"""Every mail has an example, which renders in each language and market, writes nothing and sends nothing."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core import mail as outbox
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shop import mail, markets
from tests.factories import make_user
from tests.journeys.shop import make_shop
from tests.orders.test_admin import member

pytestmark = pytest.mark.django_db
EMAILS = Path(settings.TEMPLATES[0]["DIRS"][0]) / "emails"
PLACES = [(market, language) for market in markets.all() for language, _name in settings.LANGUAGES]


def test_every_mail_has_an_example() -> None:
    templates = {str(file.relative_to(EMAILS).with_suffix("")) for file in EMAILS.glob("*/*.html")}
    assert templates
    assert {shown.name for shown in mail.examples.values()} == templates


@pytest.mark.parametrize("slug", mail.examples)
def test_an_example_renders_everywhere_and_changes_nothing(slug: str) -> None:
    make_shop()
    for market, language in PLACES:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            shown = mail.preview(mail.examples[slug], market, language)
        assert all(query["sql"].lstrip().upper().startswith("SELECT") for query in queries.captured_queries)
        assert shown.name == mail.examples[slug].name
        for text in (shown.subject, shown.text, shown.html):
            assert text.strip()
            assert "%(" not in text  # a translation without its value
            assert "None" not in text
        assert f'lang="{language}"' in shown.html
    assert outbox.outbox == []


def test_a_subject_says_what_the_mail_is_about() -> None:
    """ "Your account at Deckle" could be anything: each says what has happened, or what is asked for."""
    make_shop()
    found = {
        slug: mail.preview(shown, markets.default(), "en").subject.strip()
        for slug, shown in mail.examples.items()
    }
    words = (
        *("confirm", "choose", "changed", "placed", "waits", "cancelled", "goes back", "on its way"),
        *("invoice for", "already", "where your order"),
    )
    vague = {slug: text for slug, text in found.items() if not any(word in text.lower() for word in words)}
    assert vague == {}
    assert len(set(found.values())) >= len({shown.name for shown in mail.examples.values()})


def test_an_example_shows_goods_of_the_shop_in_the_markets_money() -> None:
    make_shop()
    example = mail.examples["orders/confirmation"]
    shown = mail.preview(example, markets.get("gb"), "en-gb")
    assert "Two suns over Cadiz" in shown.html
    assert "£90.40" in shown.text
    assert "/media/renditions/" in shown.html
    assert shown.files == ("Invoice 2027-000042.pdf",)
    assert "€90.40" in mail.preview(example, markets.default(), "en").text


def test_without_goods_there_are_examples_too() -> None:
    assert "Dune road" in mail.preview(mail.examples["orders/shipped"], markets.default(), "en").text


def test_the_desk_shows_every_mail_to_who_may_see_what_the_shop_sends(client: Client) -> None:
    client.force_login(member("Merchant"))
    page = client.get("/admin/mails/").content.decode()
    for shown in mail.examples.values():
        assert str(shown.title) in page
        assert client.get(f"/admin/mails/{shown.slug}/").status_code == 200
    assert "/admin/mails/" in client.get("/admin/").content.decode()
    shown = client.get(
        "/admin/mails/orders/confirmation/?market=gb&language=en-gb&width=390"
    ).content.decode()
    assert "£" in shown
    assert client.get("/admin/mails/orders/nothing/").status_code == 404
    odd = client.get("/admin/mails/orders/confirmation/?market=x&language=%00&width=a&light=x")
    assert odd.status_code in {200, 400}
    client.force_login(make_user(is_staff=True))
    assert client.get("/admin/mails/").status_code == 403
    assert client.get("/admin/mails/orders/confirmation/").status_code == 403
    assert "/admin/mails/" not in client.get("/admin/").content.decode()


def test_developers_look_at_them_without_the_desk(client: Client, settings) -> None:
    url = "/dev/mail/examples/orders/confirmation/"
    settings.DEBUG = settings.DEMO = False
    assert client.get("/dev/mail/examples/").status_code == client.get(url).status_code == 404
    settings.DEBUG = True
    assert "Order placed and paid" in client.get("/dev/mail/examples/").content.decode()
    assert "PAPER10" in client.get(url).content.decode()
    assert client.get("/dev/mail/examples/orders/nothing/").status_code == 404
