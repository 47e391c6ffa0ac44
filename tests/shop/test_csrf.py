"""The browser vouches for a form; a token is the last resort."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.test import Client, override_settings
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from shop.edge.pages import private_page


@private_page
def form(request: HttpRequest) -> HttpResponse:
    return HttpResponse(get_token(request) if request.method == "GET" else "done")


@csrf_exempt
@private_page
def webhook(request: HttpRequest) -> HttpResponse:
    return HttpResponse("done")


urlpatterns = [path("form/", form), path("webhook/", webhook)]


@pytest.fixture(autouse=True)
def _these_pages():
    with override_settings(ROOT_URLCONF=__name__, CSRF_FAILURE_VIEW="django.views.csrf.csrf_failure"):
        yield


@pytest.fixture
def browser() -> Client:
    return Client(enforce_csrf_checks=True)


def post(browser: Client, **headers: str) -> int:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return browser.post("/form/", headers=names).status_code


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_a_form_of_our_own_page_needs_no_token(browser, site):
    assert post(browser, Sec_Fetch_Site=site) == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "anything"])
def test_a_form_of_another_site_is_refused(browser, site):
    assert post(browser, Sec_Fetch_Site=site) == 403


def test_what_the_browser_says_first_counts(browser):
    assert post(browser, Sec_Fetch_Site="cross-site", Origin="http://testserver") == 403


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://testserver", 200),
        ("http://evil.test", 403),
        ("https://testserver", 403),
        ("http://testserver.evil.test", 403),
        ("http://testserver:8080", 403),
        ("null", 403),
    ],
)
def test_an_older_browser_tells_the_origin(browser, origin, status):
    assert post(browser, Origin=origin) == status


def test_who_says_nothing_must_show_the_token(browser):
    assert post(browser) == 403
    token = browser.get("/form/").content.decode()
    assert browser.post("/form/", {"csrfmiddlewaretoken": token}).status_code == 200
    assert browser.post("/form/", {"csrfmiddlewaretoken": "x" * 64}).status_code == 403
    assert post(browser, X_CSRFToken=token) == 200


def test_a_token_does_not_help_another_site(browser):
    token = browser.get("/form/").content.decode()
    assert post(browser, X_CSRFToken=token, Sec_Fetch_Site="cross-site") == 403


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_every_writing_method_is_guarded(browser, method):
    send = getattr(browser, method)
    assert send("/form/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_a_webhook_is_judged_by_its_signature_instead(browser):
    assert browser.post("/webhook/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


def test_reading_is_open_to_all(browser):
    assert browser.get("/form/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200
