"""Delivery zones on the desk: countries are chosen by their names."""

from decimal import Decimal
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from catalog.models import MethodRate, Zone
from shop.desk.cells import countries
from tests.catalog.test_admin_product import text, url_of
from tests.factories import make_delivery, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def zone() -> Zone:
    Zone.objects.create(code="de", name="Germany", countries=["DE"])
    return Zone.objects.create(code="eu", name="Neighbours", countries=["NL", "AT"])


def save(desk: Client, zone: Zone, *codes: str, regions: str = "") -> HttpResponse:
    rows = {"methods-TOTAL_FORMS": 0, "methods-INITIAL_FORMS": 0}
    sent: dict[str, Any] = {
        **{"name": zone.name, "code": zone.code, "countries": codes, "regions": regions},
        **rows,
    }
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


def test_regions_are_kept_by_their_codes_and_stand_in_one_zone_only(desk: Client, zone: Zone) -> None:
    islands = Zone.objects.create(code="islands", name="Islands", countries=[], regions=["ES-GC"])
    assert save(desk, zone, "AT", regions="es-tf, US-Hawaii,").status_code == 302
    zone.refresh_from_db()
    assert zone.regions == ["ES-TF", "US-HI"]
    assert "ES-TF, US-HI" in text(desk.get(url_of(zone)))
    for said, told in {
        "ES-GC": "ES-GC: already in the zone “Islands”.",
        "DE-BY": "“DE-BY” is no region that addresses name",
        "Tenerife": "“Tenerife” is no region that addresses name",
    }.items():
        answer = save(desk, zone, "AT", regions=said)
        (fix,) = answer.context["fixes"]  # type: ignore[attr-defined]
        assert (fix.label, fix.target) == ("Regions", "id_regions")
        assert told in fix.text
    assert save(desk, islands, regions="ES-GC").status_code == 302  # a zone of nothing but regions
    assert "Las Palmas" in text(desk.get(reverse("admin:catalog_zone_changelist")))


def test_a_method_has_a_rate_for_each_class_of_weight_and_worth(desk: Client, zone: Zone) -> None:
    method = make_delivery(["FR"])
    MethodRate.objects.filter(method=method).delete()
    rows: dict[str, Any] = {"rates-TOTAL_FORMS": 2, "rates-INITIAL_FORMS": 0}
    for number, (grams, amount) in enumerate([("2000", "4.90"), ("", "8.90")]):
        row = {"currency": "EUR", "up_to_grams": grams, "goods_from": "0", "amount": amount, "free_from": ""}
        rows |= {f"rates-{number}-{name}": value for name, value in row.items()}
    sent = {
        **{"name": method.name, "zone": method.zone_id, "carrier": "", "tax_class": method.tax_class_id},
        **{"min_days": 1, "max_days": 2, "cutoff": "", "position": 0, "is_active": "on"},
    }
    assert desk.post(url_of(method), {**sent, **rows}).status_code == 302
    kept = MethodRate.objects.filter(method=method).values_list("up_to_grams", "amount")
    assert sorted(kept, key=str) == [(2000, Decimal("4.90")), (None, Decimal("8.90"))]
    again = {**rows, "rates-1-up_to_grams": "2000"}
    MethodRate.objects.filter(method=method).delete()
    answer = desk.post(url_of(method), {**sent, **again})
    assert answer.status_code == 200
    assert "duplicate data for currency, up_to_grams and goods_from" in text(answer)
