"""The origin knows the edge by a secret, and has its files kept there: real gunicorn, real varnishd."""

import gzip
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import socket

import pytest
from django.core.management import call_command
from django.test import Client, override_settings
from pytest_django import Settings

from shop.edge import files
from tests.edge.varnish import KEEPER, SECRET, Answer, Edge, varnish

ROOT = Path(__file__).resolve().parents[2]
SHEET = ".paper { colour: white }\n" * 100


# --- Django alone ----------------------------------------------------------------------------------------


@pytest.fixture
def secrets(settings: Settings) -> Settings:
    settings.EDGE_SECRET = "new"
    settings.EDGE_SECRET_FALLBACKS = ["old", "older"]
    return settings


@pytest.mark.usefixtures("secrets")
@pytest.mark.parametrize(
    "said", [None, "", "guess", "ne", "new ", "newer", "new,old", "NEW", "\u00e9", "\udcff", "n\0w"]
)
@pytest.mark.parametrize(("method", "path"), [("get", "/"), ("post", "/cart/add/"), ("get", "/healthz/")])
def test_who_does_not_know_the_secret_is_refused(
    client: Client, method: str, path: str, said: str | None
) -> None:
    headers = {} if said is None else {"HTTP_X_EDGE_SECRET": said}
    answer = getattr(client, method)(path, **headers)
    assert (answer.status_code, answer["Content-Type"]) == (403, "text/plain; charset=utf-8")
    assert answer["Cache-Control"] == "private, no-store"
    assert not answer.cookies


@pytest.mark.django_db
@pytest.mark.usefixtures("secrets")
@pytest.mark.parametrize("secret", ["new", "old", "older"])
def test_the_secret_and_those_before_it_open(client: Client, secret: str) -> None:
    answer = client.get("/account/login/", headers={"X-Edge-Secret": secret})
    assert answer.status_code == 200
    assert "HTTP_X_EDGE_SECRET" not in answer.wsgi_request.META  # nor does any report have it


@pytest.mark.django_db
@pytest.mark.usefixtures("secrets")
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_probe_needs_none(client: Client, path: str) -> None:
    assert client.get(path).status_code == 200


@pytest.mark.django_db
def test_without_a_secret_everybody_is_answered(client: Client, settings: Settings) -> None:
    settings.EDGE_SECRET, settings.EDGE_SECRET_FALLBACKS = "", ["old"]
    assert client.get("/account/login/").status_code == 200


def test_it_is_asked_before_everything_else(settings: Settings) -> None:
    assert settings.MIDDLEWARE[0] == "shop.edge.origin.BehindEdge"


@pytest.mark.parametrize(
    ("backend", "told"),
    [
        ("varnish", {"Surrogate-Control": "max-age=31536000", "xkey": "static"}),
        (
            "cloudflare",
            {"CDN-Cache-Control": "max-age=31536000, stale-if-error=86400", "Cache-Tag": "static"},
        ),
        ("null", {}),
    ],
)
def test_a_file_is_declared_in_the_words_of_who_keeps_it(
    settings: Settings, backend: str, told: dict[str, str]
) -> None:
    settings.EDGE_BACKEND = backend
    for cached, expected in (("max-age=9, public, immutable", told), ("max-age=60, public", {})):
        headers = files.Headers([("Cache-Control", cached)])
        files.declare(headers, "/srv/x.css", "/static/x.css")
        assert dict(headers.items()) == {"Cache-Control": cached, **expected}


# --- As processes ----------------------------------------------------------------------------------------


@dataclass
class Shop:
    """A gunicorn with the project in it, the Varnish before it, and the address of the one hashed file."""

    origin: Edge
    edge: Edge
    sheet: str


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    home = tmp_path_factory.mktemp("origin")
    for folder in ("files", "static", "media"):
        (home / folder).mkdir()
    (home / "files" / "paper.css").write_text(SHEET)
    (home / "media" / "a.jpg").write_bytes(b"picture")
    compressed = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    with override_settings(
        STATIC_ROOT=home / "static",
        STATICFILES_DIRS=[home / "files"],
        STATICFILES_FINDERS=["django.contrib.staticfiles.finders.FileSystemFinder"],
        STORAGES={"staticfiles": compressed},
    ):
        call_command("collectstatic", interactive=False, verbosity=0)
    [sheet] = {path.name for path in (home / "static").glob("paper.*.css")}
    with gunicorn(home) as port, varnish(port) as edge:
        yield Shop(Edge(port), edge, f"/static/{sheet}")


@contextmanager
def gunicorn(home: Path) -> Iterator[int]:
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "shop.wsgi", "--bind", f"127.0.0.1:{port}", "--threads", "4"]
    environment = {
        "ALLOWED_HOSTS": "shop.example,localhost",
        "EDGE_BACKEND": "varnish",
        "VARNISH_NODES": "http://127.0.0.1:9",
        "EDGE_SECRET": SECRET,
        "STATIC_ROOT": str(home / "static"),
        "MEDIA_ROOT": str(home / "media"),
    }
    with (home / "log").open("wb") as log:
        keeper = subprocess.Popen(
            ["/bin/sh", "-c", KEEPER, "gunicorn", *command, "--no-control-socket"],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    until = time.monotonic() + 30
    try:
        while not answers(Edge(port)):
            assert time.monotonic() < until, (home / "log").read_text()
            time.sleep(0.1)
        yield port
    finally:
        keeper.communicate(timeout=20)


def answers(node: Edge) -> bool:
    try:
        return node.ask("/healthz").status == 200
    except OSError:
        return False


def twice(shop: Shop, path: str, **headers: str) -> Answer:
    """The second answer, which the edge gives by itself."""
    answers = [shop.edge.ask(path, **headers) for _ in range(2)]
    assert answers[1].headers["X-Cache"] == "hit"
    assert {answer.status for answer in answers} == {200}
    assert answers[0].body == answers[1].body
    return answers[1]


def test_the_origin_is_reached_through_the_edge_only(shop: Shop) -> None:
    assert shop.edge.ask("/static/paper.css").status == 200
    assert shop.edge.ask("/static/paper.css", X_Edge_Secret="guess").status == 200  # the edge says its own
    for path in ("/account/login/", shop.sheet, "/media/a.jpg", "/nothing"):
        assert shop.origin.ask(path).status == 403
        assert shop.origin.ask(path, X_Edge_Secret="guess").status == 403
    assert shop.origin.ask(shop.sheet, X_Edge_Secret=SECRET).status == 200
    assert shop.origin.ask("/healthz").status == 200


def test_a_file_is_kept_packed_once_for_everyone(shop: Shop) -> None:
    """The origin has it as Brotli, gzip and plain; the edge takes gzip, and unpacks it for who needs that."""
    for accepted in ("gzip", "gzip, deflate, br, zstd"):
        packed = twice(shop, shop.sheet, Accept_Encoding=accepted)
        assert (packed.headers["Content-Encoding"], gzip.decompress(packed.body).decode()) == ("gzip", SHEET)
    for plain in ({}, {"Accept_Encoding": "br"}, {"Accept_Encoding": "identity"}):
        answer = shop.edge.ask(shop.sheet, **plain)
        assert (answer.headers["X-Cache"], answer.headers["Content-Encoding"]) == ("hit", None)
        assert answer.body.decode() == SHEET
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["Surrogate-Control"] is None
    again = shop.edge.ask(shop.sheet, Accept_Encoding="gzip", If_None_Match=packed.headers["ETag"])
    assert (again.status, again.body) == (304, b"")


def test_the_first_who_asks_decides_nothing_for_the_next(shop: Shop) -> None:
    """Whatever encoding they accept: `?v` makes it another page of the edge, and the same file."""
    for number, first in enumerate(({}, {"Accept_Encoding": "br"}, {"Accept_Encoding": "gzip;q=0, *"})):
        path = f"{shop.sheet}?v={number}"
        assert shop.edge.ask(path, **first).body.decode() == SHEET
        assert gzip.decompress(shop.edge.ask(path, Accept_Encoding="gzip").body).decode() == SHEET


def test_a_part_and_a_head_of_a_file_come_from_the_edge(shop: Shop) -> None:
    assert twice(shop, "/media/a.jpg").body == b"picture"
    part = shop.edge.ask("/media/a.jpg", Range="bytes=4-")
    assert (part.status, part.body, part.headers["X-Cache"]) == (206, b"ure", "hit")
    head = shop.edge.ask("/media/a.jpg", "HEAD")
    assert (head.body, head.headers["Content-Length"], head.headers["X-Cache"]) == (b"", "7", "hit")


def test_a_file_whose_name_says_nothing_of_its_content_is_not_kept(shop: Shop) -> None:
    assert [shop.edge.ask("/static/paper.css").headers["X-Cache"] for _ in range(3)].count("hit") == 0
