"""What every test may ask for. Servers begin here, so that the conftests below may import models."""

import gc
import ipaddress
import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase, override_settings
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright
from pytest_django import DjangoDbBlocker
from redis import Redis

from shop import marks
from tests import servers
from tests.browsers import errors_of
from tests.stripe import double as doubles

servers.begin()

from catalog.stock import rush  # noqa: E402 (reads models)
from orders import sellers  # noqa: E402
from orders.models import Seller  # noqa: E402
from tests import emptying, engines, template  # noqa: E402

HERE = Path(__file__).parent
# What takes longest begins first, or one process waits in the end for the others' last journey. A file stays
# with its process (pyproject.toml); those that start processes of their own have others between them. With a
# file of one test goes the next one that nobody has: the demo comes after the stack, not beside it.
LONGEST = (
    *("journeys/test_stack", "journeys/test_admin", "journeys/test_accessibility", "journeys/test_demo"),
    *("edge/test_oracle", "journeys/test_paying", "journeys/test_account", "catalog/test_edits"),
    *("journeys/test_visitor", "catalog/test_import_luma", "catalog/test_edits_of_trade"),
    *("catalog/test_import_kill", "edge/test_crowds", "catalog/test_foremost", "shop/test_embedded"),
    *("edge/test_deception", "replicas/test_causality", "journeys/test_buying", "journeys/test_addresses"),
    *("edge/test_failing", "search/test_facets", "orders/test_admin_giving", "edge/test_canary"),
    *("shop/test_outbox_killed", "catalog/test_edits_of_addresses", "journeys/test_entries"),
    *("search/test_surviving", "edge/test_refusals", "orders/test_admin_refunds", "search/test_rebuilding"),
    *("journeys/test_receipt", "catalog/test_edits_of_words", "edge/test_purging", "test_architecture"),
    *("replicas/test_settings", "orders/test_admin_shipping", "catalog/test_navigation"),
    *("checkout/test_together", "orders/test_invoices_numbers", "catalog/test_generate_command"),
    *("search/test_following", "search/test_converging", "checkout/test_admin_promotions"),
    *("catalog/test_demo_plan", "orders/test_webhooks", "shop/test_relays", "checkout/test_agreement"),
    *("search/test_engine_fallback", "orders/test_admin", "edge/test_varnish", "edge/test_store"),
)
PLACES = {HERE / f"{name}.py": place for place, name in enumerate(LONGEST)}
DATABASE_FIXTURES = {"db", "transactional_db", "django_db_setup", "live_server"}
# Chromium heeds the last such list only: Playwright's own is repeated, as far as it concerns a Linux machine.
# The last line is ours: a renderer for each window's address bar, and one in reserve for each page, cost half
# of what a visitor does.
NO_FEATURES = (
    *("AvoidCorsURLLoaderRestartOnRedirect", "AvoidUnnecessaryBeforeUnloadCheckSync", "PaintHolding"),
    *("DestroyProfileOnBrowserClose", "HttpsUpgrades", "HttpsFirstBalancedModeAutoEnable", "MediaRouter"),
    *("LensOverlay", "OptimizationHints", "ThirdPartyStoragePartitioning", "AimEnabled"),
    *("NetworkTimeServiceQuerying", "PreconnectToSearch"),
    *("PreloadTopChromeWebUI", "WebUIOmniboxPopup", "WebUIOmniboxFullPopup", "WebUIOmniboxAimPopup"),
    "SpareRendererForSitePerProcess",
)
BROWSER_FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    # Nothing is drawn but by the processor: a process of its own for that costs more than it does.
    *("--in-process-gpu", "--disable-software-rasterizer", "--disable-site-isolation-trials"),
    f"--disable-features={','.join(NO_FEATURES)}",
]


def pytest_report_header() -> str:
    return servers.report()


def pytest_configure(config: pytest.Config) -> None:
    if not servers.WORKER and getattr(config.option, "numprocesses", 0) and not config.option.collectonly:
        template.begin()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Each worker reads the suite from a place of its own: what comes later the others have compiled."""
    if servers.WORKER and session.config.args_source == pytest.Config.ArgsSource.TESTPATHS:
        files = sorted(HERE.rglob("test_*.py"))
        begin = len(files) * servers.number() // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
        for path in files[begin:] + files[:begin]:
            with suppress(Exception, pytest.skip.Exception):  # whoever collects it will tell
                import_module(".".join(path.relative_to(HERE.parent).with_suffix("").parts))


def pytest_unconfigure() -> None:
    template.end()
    engines.end()
    doubles.end()
    servers.end()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: PLACES.get(item.path, len(PLACES)))
    reason = servers.missing("PostgreSQL")
    for item in items if reason else []:
        if item.get_closest_marker("django_db") or DATABASE_FIXTURES & set(getattr(item, "fixturenames", [])):
            item.add_marker(pytest.mark.skip(reason=reason))


def pytest_collection_finish() -> None:
    """What stands by now stays: looked through for garbage again and again, it took a tenth of each test."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


@pytest.fixture(scope="session", autouse=True)
def _here_only() -> Iterator[None]:
    """No test leaves this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6} and isinstance(address, tuple):
            host = str(address[0]).split("%")[0]
            assert host == "localhost" or ipaddress.ip_address(host).is_loopback, f"a test connects to {host}"
        connect(self, address)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture(scope="session", autouse=True)
def _children_find_the_settings() -> None:
    """For tests that start a process of their own; not earlier, see servers.begin()."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"


@pytest.fixture(scope="session", autouse=True)
def _quick_settings() -> Iterator[None]:
    """Static files are found where they lie: the hashed build is `make demo`'s and the image's.

    Argon2 is slow on purpose; here nobody guesses. And a busy machine is no rush of buyers.
    """
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    quick = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    storages = {**settings.STORAGES, "staticfiles": plain}
    with override_settings(STORAGES=storages, PASSWORD_HASHERS=quick), pytest.MonkeyPatch.context() as patch:
        patch.setattr(rush, "WAITED", 60)
        yield


@pytest.fixture(scope="session", autouse=True)
def _somebody_sells() -> Iterator[None]:
    """As in any shop that is open: else its invoices wait. For a test without: `nobody_sells`."""
    nobody = sellers._nobody

    def somebody(code: str) -> Seller:
        seller = nobody(code)
        seller.line1, seller.city, seller.tax_number = "Ritterstraße 12", "Berlin", "37/123/45678"
        return seller

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sellers, "_nobody", somebody)
        patch.setattr(sellers, "_really_nobody", nobody, raising=False)
        yield


@pytest.fixture
def nobody_sells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has written who sells."""
    monkeypatch.setattr(sellers, "_nobody", sellers._really_nobody)  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings: None, django_db_blocker: DjangoDbBlocker
) -> None:
    with django_db_blocker.unblock():
        template.use()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The database, to which each test with real transactions leaves it as it was after `migrate`."""

    def emptied(case: TransactionTestCase) -> None:
        for alias in case._databases_names(include_mirrors=False):  # type: ignore[attr-defined]
            emptying.empty(alias)

    with django_db_blocker.unblock():
        emptying.remember("default")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", emptied)
        yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        # What some test's process or thread has left open: the database is dropped now.
        others = "pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        cursor.execute(f"SELECT pg_terminate_backend(pid) FROM {others}")


@pytest.fixture(scope="session")
def _redis() -> Iterator[Redis | None]:
    if servers.missing("Redis"):
        yield None
        return
    with Redis.from_url(os.environ["REDIS_URL"]) as client:
        yield client


@pytest.fixture(scope="session")
def _epoch(_redis: Redis | None) -> dict[str, str | int]:
    """What marks begin with: so the first page of a test needs no statement to begin an epoch."""
    run_id = str(_redis.info("server")["run_id"]) if _redis else ""
    return {"epoch": f"tests{run_id}", "counter": 0, "timeline": 1, "lsn": "0" * 20}


@pytest.fixture(autouse=True)
def _redis_forgets(_redis: Redis | None, _epoch: dict[str, str | int]) -> None:
    """No test finds another's pages, counters or jobs."""
    if _redis:
        _redis.flushdb()
        _redis.hset(marks.pages.hash, mapping=_epoch)


@pytest.fixture
def redis(_redis: Redis | None) -> Redis:
    """A client of this process's own database, empty."""
    if not _redis:
        pytest.skip(servers.missing("Redis"))
    _redis.flushdb()
    return _redis


@pytest.fixture
def engine(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[engines.Engine]:
    """A search engine with nothing in it; a shop without one is what all other tests have."""
    with engines.running(settings, monkeypatch) as running:
        yield running


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of data and designs beside the clone."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    return folder


@pytest.fixture
def double() -> Iterator[doubles.Double]:
    """A Stripe of this test's own, which the settings lead to."""
    with doubles.running() as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    path = servers.chromium()
    if not path:
        pytest.skip("no Chromium on PATH, see `make services`")
    # Playwright's sync API keeps an event loop running in this thread, in which Django refuses the ORM.
    # Nothing here runs inside that loop, so the refusal is lifted, but only while there is a browser.
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        chromium = playwright.chromium.launch(executable_path=path, args=BROWSER_FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, live_server: object) -> Iterator[Page]:
    """An empty tab at the live server; an error in a page's script fails the test."""
    size: ViewportSize = {"width": 1280, "height": 800}
    context = browser.new_context(base_url=str(live_server), viewport=size, reduced_motion="reduce")
    tab = context.new_page()
    tab.set_default_timeout(10_000)
    errors = errors_of(tab)
    yield tab
    context.close()
    assert errors == []
