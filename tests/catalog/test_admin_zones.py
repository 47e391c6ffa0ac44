"""Delivery zones on the desk: countries are chosen by their names."""

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from catalog.models import Zone
from shop.desk.cells import countries
from tests.catalog.test_admin_product import text, url_of
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def zone() -> Zone:
    Zone.objects.create(code="de", name="Germany", countries=["DE"])
    return Zone.objects.create(code="eu", name="Neighbours", countries=["NL", "AT"])


def save(desk: Client, zone: Zone, *codes: str) -> HttpResponse:
    rows = {"methods-TOTAL_FORMS": 0, "methods-INITIAL_FORMS": 0}
    sent: dict[str, Any] = {"name": zone.name, "code": zone.code, "countries": codes, **rows}
    return desk.post(url_of(zone), sent)


def test_every_country_has_its_name_and_a_box(desk: Client, zone: Zone) -> None:
    page = text(desk.get(url_of(zone)))
    assert page.count('name="countries"') == len(countries()) > 200
    chosen, others = page.index(">Austria<"), page.index(">Belgium<")
    assert chosen < page.index(">Netherlands<") < others
    assert page.count('type="checkbox" name="countries" value="AT"') == 1
    assert ">Germany (in “Germany”)<" in page


def test_ticked_countries_are_kept_in_the_order_that_was_there(desk: Client, zone: Zone) -> None:
    assert save(desk, zone, "AT", "BE", "NL").status_code == 302
    zone.refresh_from_db()
    assert zone.countries == ["NL", "AT", "BE"]


def test_what_is_no_country_and_what_is_taken_is_told_with_the_way_to_the_boxes(
    desk: Client, zone: Zone
) -> None:
    wrong = {
        ("XX",): "“XX” is no country: tick those that you mean.",
        ("AT", "DE"): "Germany: already in the zone “Germany”. Untick here, or take it out there first.",
        (): "Tick one country at least.",
    }
    for codes, said in wrong.items():
        answer = save(desk, zone, *codes)
        (fix,) = answer.context["fixes"]  # type: ignore[attr-defined]
        assert (fix.label, fix.text, fix.target) == ("Countries", said, "id_countries")
        assert text(answer).count('id="id_countries"') == 1
    zone.refresh_from_db()
    assert zone.countries == ["NL", "AT"]


def test_a_country_that_the_names_have_lost_stays_until_it_is_unticked(desk: Client, zone: Zone) -> None:
    Zone.objects.filter(pk=zone.pk).update(countries=["AT", "AN"])
    assert 'value="AN"' in text(desk.get(url_of(zone)))
    assert save(desk, zone, "AT", "AN").status_code == 302
    zone.refresh_from_db()
    assert zone.countries == ["AT", "AN"]


def test_a_new_zone_begins_with_no_country(desk: Client) -> None:
    page = text(desk.get(reverse("admin:catalog_zone_add")))
    assert "checked" not in page.partition('id="id_countries"')[2].partition("</fieldset>")[0]
