"""Tax rates on the desk: in percent, of a country or of a region that addresses name."""

import pytest
from django.test import Client
from django.urls import reverse

from catalog.models import TaxRate
from tests.catalog.test_admin_product import text as text_of
from tests.factories import make_tax_class, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def test_a_rate_is_typed_in_percent_and_kept_as_a_fraction(desk: Client) -> None:
    tax_class = make_tax_class("reduced", {"DE": "0.07"})
    url = reverse("admin:catalog_taxclass_change", args=[tax_class.pk])
    rate = tax_class.rates.get()
    assert 'value="7"' in text_of(desk.get(url))
    form = {
        **{"code": "reduced", "name": tax_class.name, "rates-TOTAL_FORMS": 2, "rates-INITIAL_FORMS": 1},
        **{"rates-0-id": rate.pk, "rates-0-tax_class": tax_class.pk},
        **{"rates-0-country": "DE", "rates-0-rate": "7.5"},
        **{"rates-1-country": "FR", "rates-1-rate": "5.5"},
    }
    assert desk.post(url, form).status_code == 302
    found = {rate.country: str(rate.rate) for rate in TaxRate.objects.filter(tax_class=tax_class)}
    assert found == {"DE": "0.07500", "FR": "0.05500"}


def test_a_rate_of_a_region_is_kept_by_its_code(desk: Client) -> None:
    tax_class = make_tax_class("reduced", {})
    url = reverse("admin:catalog_taxclass_change", args=[tax_class.pk])
    form = {
        **{"code": "reduced", "name": tax_class.name, "rates-TOTAL_FORMS": 1, "rates-INITIAL_FORMS": 0},
        **{"rates-0-country": "US", "rates-0-region": "New York", "rates-0-rate": "8.875"},
    }
    assert desk.post(url, form).status_code == 302
    rate = tax_class.rates.get()
    assert (rate.region, str(rate.rate)) == ("NY", "0.08875")
    assert "New York 8.875%" in text_of(desk.get(reverse("admin:catalog_taxclass_changelist")))
    assert 'value="8.875"' in text_of(desk.get(url))
    for country, region, told in (
        ("US", "Bavaria", "“Bavaria” is no region of United States: write its code, such as AL."),
        ("DE", "BY", "Addresses in Germany name no region: leave it empty."),
    ):
        answer = desk.post(url, {**form, "rates-0-country": country, "rates-0-region": region})
        assert told in text_of(answer)
