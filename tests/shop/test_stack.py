"""What `make stack` writes and refuses; that it runs is a journey's (tests/journeys/test_stack.py)."""

import os
import shlex
import stat
import subprocess
import sys
from itertools import islice
from pathlib import Path
from socket import socket

import pytest

from shop import embedded, opening, stack
from tests.edge.varnish import program
from tests.journeys.clones import environment, free_port
from tests.servers import missing

ROOT = Path(__file__).resolve().parents[2]
# The first of manage.py's commands fails, when PostgreSQL, its replica and Redis run already.
FAILING = """
import sys
from pathlib import Path
from shop import opening, stack
stack.HOME = opening.Home(Path(sys.argv[1]), "stack")
opening.MANAGE = ("sh", "-c", 'ps -wweo args > "$0/seen"; echo no such table >&2; exit 2', sys.argv[1])
opening.Home.prepare = lambda home, **more: home.run("migrate")
sys.exit(stack.main(["up"]))
"""
URLS = embedded.Urls(
    "postgres://shop@/shop?host=%2Fa%20b", "postgres://shop@/shop?host=%2Fc", "unix:///r?db=0"
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> opening.Home:
    """A stack in a folder of its own; what it does to the environment is undone."""
    home = opening.Home(tmp_path / "a stack", "stack")
    home.folder.mkdir()
    monkeypatch.setattr(stack, "HOME", home)
    monkeypatch.setattr(os, "environ", dict(os.environ))
    return home


def test_its_settings_are_read_by_a_shell_and_by_us_alone(home: opening.Home) -> None:
    settings = stack.environment(URLS, 8080)
    stack.settle(settings)
    file = home.folder / "environment"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    show = 'set -a; . "$0"; for name; do eval "echo \\"\\$$name\\""; done'
    told = subprocess.run(["/bin/sh", "-c", show, file, *settings], env={}, capture_output=True, text=True)
    assert told.stdout.splitlines() == list(settings.values())
    assert os.environ["EDGE_SECRET"] == settings["EDGE_SECRET"]


def test_its_secrets_are_made_once_and_what_the_shell_names_is_not_meant_for_it(home: opening.Home) -> None:
    os.environ |= {"DATABASE_URL": "postgres://mine@/mine", "EDGE_SECRET_FILE": "/run/mine"}
    first = stack.environment(URLS, 8080)
    stack.settle(first)
    assert stack.environment(URLS, 8080) == first
    assert len(first["EDGE_SECRET"]) > 40
    assert first["EDGE_SECRET"] != first["SECRET_KEY"]
    assert os.environ["DATABASE_URL"] == URLS.database
    assert "EDGE_SECRET_FILE" not in os.environ


def test_its_settings_are_a_productions(home: opening.Home) -> None:
    environ = {**environment(), **stack.environment(URLS, 8080), "DJANGO_SETTINGS_MODULE": "shop.settings"}
    code = """
from django.conf import settings
assert not settings.DEBUG and settings.PROXY_HOPS == 1 and settings.SECURE_PROXY_SSL_HEADER
assert settings.EDGE_BACKEND == "varnish" and settings.VARNISH_NODES == ["http://127.0.0.1:8080"]
print(*{str(path) for path in (settings.MEDIA_ROOT, settings.STATIC_ROOT, settings.PRIVATE_ROOT)})
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(str(home.folder)) == 3


def test_varnish_understands_the_origins_it_is_given(home: opening.Home) -> None:
    command = stack.edge_command(program(), 8080, [8081, 8082])
    assert (home.folder / "origins.vcl").read_text().count(".host_header = ") == 2
    checked = [command[0], "-C", *command[command.index("-j") : command.index("-n")]]
    checked += command[command.index("-f") : command.index("-s")]
    done = subprocess.run(checked, capture_output=True, text=True)
    assert done.returncode == 0, shlex.join(checked) + done.stderr


def test_without_varnish_it_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack.shutil, "which", lambda name, path: None)
    with pytest.raises(opening.Failed, match="`make services` installs it"):
        stack.edge_program()


def test_a_node_takes_a_port_that_is_free() -> None:
    with socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        found = list(islice(stack.free_ports(taken), 2))
    assert taken not in found
    assert found == sorted(set(found))
    with pytest.raises(opening.Failed, match="No port above"):
        list(stack.free_ports(65_536))


@pytest.mark.parametrize("name", ["PORT", "PRODUCTS", "REPLICA_DELAY"])
@pytest.mark.parametrize("text", ["many", "-1", "1.5", "٣"])
def test_what_is_no_number_is_refused_before_anything_starts(
    home: opening.Home, name: str, text: str, capfd: pytest.CaptureFixture[str]
) -> None:
    os.environ[name] = text
    with pytest.raises(
        opening.Failed, match=f"{name}={text} is no number: write one, like `make stack {name}="
    ):
        stack.stack()
    assert not (home.folder / "logs").exists()


def test_a_catalogue_is_read_once_and_generated_goods_are_counted_by_who_makes_them(
    home: opening.Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[tuple[str, ...]] = []
    monkeypatch.setattr(opening.Home, "run", lambda home, *command, is_shown: ran.append(command))
    os.environ["CATALOGUE"] = "shopify 'my goods.csv' --currency EUR"
    for products in (0, 500, 100_000):
        stack.fill(products)
    assert ran == [
        ("load_demo",),
        ("import_catalog", "shopify", "my goods.csv", "--currency", "EUR"),
        ("load_demo",),
        ("generate_catalog", "--up-to", "500"),
        ("load_demo", "--all-pictures"),
        ("generate_catalog", "--up-to", "100000"),
    ]


@pytest.mark.skipif(bool(missing("PostgreSQL")), reason="no PostgreSQL")
def test_what_had_begun_ends_with_a_failed_start(tmp_path: Path) -> None:
    program()
    home = tmp_path / "stack"
    environ = {**environment(), "PORT": str(free_port())}
    command = [sys.executable, "-c", FAILING, str(home)]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60)
    try:
        assert done.returncode == 1
        assert done.stderr.startswith("`manage.py migrate` failed: no such table")
        seen = (home / "seen").read_text()
        names = [str(home), embedded.ground.own_name(home)]
        for program_name in ("postgres -D", "replica -c", "redis-server"):
            assert any(program_name in line and any(n in line for n in names) for line in seen.splitlines())
        listing = subprocess.run(["ps", "-wweo", "args"], capture_output=True, text=True, check=True).stdout
        assert not any(name in line for line in listing.splitlines() for name in names)
    finally:
        embedded.reset(home)
