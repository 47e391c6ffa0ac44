"""manage.py warm: a real server is asked for every page, the most wanted first, at the pace that was set."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from catalog.management.commands import warm
from tests.factories import follow_changes, make_category, make_page, make_product

pytestmark = pytest.mark.django_db


class Server(ThreadingHTTPServer):
    """An edge that keeps what it was asked for once; what it does to a path can be said."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []
        self.times: list[float] = []
        self.hosts: Counter[str] = Counter()
        self.statuses: dict[str, int] = {}
        self.headers: dict[str, str] = {}
        self.pause = 0.0
        self.answers = threading.Event()  # cleared: whoever has asked waits, from the third on
        self.answers.set()
        self.under_way = self.most = 0
        self.lock = threading.Lock()
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        with self.server.lock:
            is_known = self.path in self.server.asked
            self.server.asked.append(self.path)
            self.server.times.append(time.monotonic())
            self.server.hosts[self.headers["Host"]] += 1
            self.server.headers = dict(self.headers)
            self.server.under_way += 1
            self.server.most = max(self.server.most, self.server.under_way)
        time.sleep(self.server.pause)
        if len(self.server.asked) >= 3:
            self.server.answers.wait(30)
        with self.server.lock:
            self.server.under_way -= 1
        self.send_response(self.server.statuses.get(self.path, 200))
        self.send_header("X-Cache", "HIT" if is_known else "MISS")
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"page")

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[Server]:
    with Server() as found:
        threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield found
        found.shutdown()


@pytest.fixture
def server(settings: Any) -> Iterator[Server]:
    with serving() as found:
        settings.EDGE_URL = found.url
        settings.SITE_URL = "https://shop.example"
        yield found


@pytest.fixture
def shop(db: None) -> None:
    """Two categories, three goods (one not sold in Britain), a page; and what nobody may see."""
    wall = make_category("Wall")
    make_category("Prints", parent=wall)
    make_category("Closed", is_published=False)
    for name, popularity, gbp in (("Quiet", 1, ""), ("Loved", 99, ""), ("Known", 50, None)):
        make_product(name, popularity=popularity, gbp=gbp, category=wall)
    make_product("Draft", published=False)
    make_page("Help", slug="help")
    follow_changes()


def run(**options: Any) -> tuple[str, str, int]:
    """What it prints, what it complains of, and its exit status."""
    out, complaints, status = StringIO(), StringIO(), 0
    try:
        call_command("warm", stdout=out, stderr=complaints, **{"rate": 10_000.0, **options})
    except SystemExit as end:
        status = int(end.code or 0)
    return out.getvalue(), complaints.getvalue(), status


EVERY = [
    *("/", "/gb/"),
    *("/c/wall/", "/gb/c/wall/", "/c/prints/", "/gb/c/prints/"),
    *("/p/loved/", "/gb/p/loved/", "/p/known/", "/p/quiet/", "/gb/p/quiet/"),
    *("/info/help/", "/gb/info/help/"),
]


def test_every_page_is_asked_for_the_most_wanted_first(server: Server, shop: None) -> None:
    out, complaints, status = run(at_once=1)
    assert server.asked == EVERY
    assert (complaints, status) == ("", 0)
    assert out.startswith("13 pages asked for, 0 were there already, 0 errors,")
    assert server.hosts == {"shop.example": 13}
    assert run()[0].startswith("13 pages asked for, 13 were there already, 0 errors,")


def test_what_it_asks_for_is_there(server: Server, shop: None, client: Any) -> None:
    run()
    assert {path: client.get(path).status_code for path in server.asked} == dict.fromkeys(EVERY, 200)


def test_a_limit_ends_it_with_the_most_wanted(server: Server, shop: None) -> None:
    assert run(limit=7, at_once=1)[0].startswith("7 pages")
    assert server.asked == EVERY[:7]


def test_our_own_edge_is_told_the_scheme_and_asked_whether_it_had_the_page(
    server: Server, shop: None, settings: Any
) -> None:
    run(limit=1)
    assert "X-Edge-Secret" not in server.headers
    settings.EDGE_BACKEND, settings.EDGE_SECRET = "varnish", "sesame"
    run(limit=1)
    assert server.headers["X-Edge-Secret"] == server.headers["X-Edge-Debug"] == "sesame"
    assert server.headers["X-Forwarded-Proto"] == "https"


def test_of_several_nodes_each_has_every_page(server: Server, shop: None, settings: Any) -> None:
    with serving() as other:
        settings.EDGE_URL, settings.EDGE_BACKEND, settings.EDGE_SECRET = "", "varnish", "sesame"
        settings.VARNISH_NODES = [server.url, other.url]
        assert run(at_once=1)[0].startswith("26 pages asked for, 0 were there already, 0 errors,")
        assert server.asked == other.asked == EVERY


def test_errors_are_named_and_the_others_go_on(server: Server, shop: None) -> None:
    server.statuses = {"/p/known/": 503, "/gb/": 404}
    out, complaints, status = run()
    assert "13 pages asked for, 0 were there already, 2 errors" in out
    assert set(complaints.splitlines()) == {
        f"{server.url}/p/known/: answered 503",
        f"{server.url}/gb/: answered 404",
    }
    assert status == 0


def test_an_edge_that_is_not_there_is_a_failure(shop: None, settings: Any) -> None:
    settings.EDGE_URL = "http://127.0.0.1:9"
    out, complaints, status = run()
    assert "13 pages asked for, 0 were there already, 13 errors" in out
    assert "http://127.0.0.1:9/p/loved/: ConnectionRefusedError" in complaints
    assert status == 1


def test_an_empty_shop_has_its_home_pages(server: Server) -> None:
    assert run()[2] == 0
    assert sorted(server.asked) == ["/", "/gb/"]


def test_it_keeps_its_pace_and_its_bound(server: Server, shop: None) -> None:
    run(rate=50.0, at_once=8)
    gaps = sorted(b - a for a, b in zip(server.times, server.times[1:], strict=False))
    assert server.times[-1] - server.times[0] >= 12 / 50 * 0.9
    assert gaps
    server.pause, server.most = 0.05, 0
    run(at_once=3)
    assert server.most == 3


def test_a_closed_connection_is_opened_again(server: Server, shop: None, monkeypatch: Any) -> None:
    monkeypatch.setattr(Handler, "protocol_version", "HTTP/1.0")
    assert run()[0].startswith("13 pages asked for, 0 were there already, 0 errors")


def test_ctrl_c_stops_it_and_it_says_how_far_it_came(server: Server, shop: None, monkeypatch: Any) -> None:
    def interrupted(paths: Any, rate: float) -> Iterator[str]:
        yield from list(paths)[:5]
        raise KeyboardInterrupt

    monkeypatch.setattr(warm, "paced", interrupted)
    out, _complaints, status = run(at_once=1)
    assert out.startswith("Stopped. ")
    assert status == 130
    assert len(server.asked) in {4, 5}


@pytest.mark.django_db(transaction=True)
def test_ctrl_c_on_the_real_command(server: Server, shop: None) -> None:
    server.answers.clear()  # it cannot come to its end before it is stopped, however busy the machine is
    command = [sys.executable, "manage.py", "warm", "--rate", "5"]
    edge = {"EDGE_URL": server.url, "SITE_URL": "http://shop.example", "PYTHONWARNINGS": "ignore"}
    from django.db import connection

    kept = connection.settings_dict
    url = f"postgres://{kept['USER']}:{kept['PASSWORD']}@{kept['HOST']}:{kept['PORT']}/{kept['NAME']}"
    if kept["HOST"].startswith("/"):
        url = f"postgres://{kept['USER']}@/{kept['NAME']}?host={kept['HOST']}"
    with subprocess.Popen(
        command,
        env={**os.environ, **edge, "DATABASE_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        for _try in range(600):
            if len(server.asked) >= 3 or process.poll() is not None:
                break
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        server.answers.set()
        out, complaints = process.communicate(timeout=30)
    assert (process.returncode, complaints) == (130, "")
    assert out.startswith("Stopped. ")
    assert 3 <= len(server.asked) < 13
