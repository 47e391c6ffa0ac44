"""The demo's own PostgreSQL and Redis: started by the first, stopped by the last, wherever the clone lies."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from shop import embedded
from shop.embedded import ground, postgres, redis

ROOT = Path(__file__).resolve().parents[2]
USER = """
import sys
from pathlib import Path
from shop import embedded
with embedded.services(Path(sys.argv[1])) as urls:
    print(urls.database, urls.redis, flush=True)
    sys.stdin.read()
"""
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has such a home")


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """One for all these tests: making a cluster takes a second."""
    clone = Path(tempfile.mkdtemp(prefix="deckle's clone ", dir="/tmp"))
    clone.chmod(0o755)
    yield clone / ".demo"
    embedded.reset(clone / ".demo")
    shutil.rmtree(clone)


def begin(home: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", USER, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def leave(user: "subprocess.Popen[str]") -> None:
    user.communicate(timeout=60)
    assert user.returncode == 0


def answers(home: Path) -> tuple[bool, bool]:
    return ground.listens(home / "postgres" / postgres.SOCKET), redis.of_clone(home).say("PING") == b"+PONG"


def test_two_users_share_them_and_the_last_one_stops_them(home: Path) -> None:
    one, other = begin(home), begin(home)  # at once: one starts, one waits
    assert one.stdout
    assert other.stdout
    assert one.stdout.readline() == other.stdout.readline() != ""
    leave(one)
    assert answers(home) == (True, True)
    leave(other)
    assert answers(home) == (False, False)


def test_a_killed_user_counts_no_longer(home: Path) -> None:
    user = begin(home)
    assert user.stdout
    assert user.stdout.readline()
    user.kill()
    user.communicate()
    assert answers(home) == (True, True)
    with embedded.services(home):
        assert answers(home) == (True, True)
    assert answers(home) == (False, False)


def test_a_ctrl_c_ends_the_user_and_not_the_services_of_others(home: Path) -> None:
    with embedded.services(home):
        user = begin(home)
        assert user.stdout
        assert user.stdout.readline()
        user.send_signal(signal.SIGINT)
        user.communicate(timeout=30)
        assert answers(home) == (True, True)


def test_the_data_are_kept_and_a_crashed_machine_is_survived(home: Path) -> None:
    with embedded.services(home):
        pass
    stale = home / "postgres" / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{home / 'postgres'}\n1\n5432\n")  # by now someone else's number
    with embedded.services(home):
        assert answers(home) == (True, True)


def test_the_data_are_not_removed_while_someone_uses_them(home: Path) -> None:
    with embedded.services(home), pytest.raises(embedded.EmbeddedError, match="stop it first"):
        embedded.reset(home)
    assert (home / "postgres" / "PG_VERSION").exists()


@as_root
def test_under_roots_private_home_the_data_lie_where_the_servers_account_can_reach_them() -> None:
    private = Path(tempfile.mkdtemp(prefix="deckle-private-"))  # 0700, root's
    home = private / ".demo"
    try:
        with embedded.services(home, cache=False) as urls:
            assert (home / "postgres").is_symlink()
            elsewhere = (home / "postgres").resolve()
            assert str(elsewhere) in str(urls.database)
            assert elsewhere.stat().st_uid == pwd.getpwnam("nobody").pw_uid
            assert (elsewhere.stat().st_mode & 0o777, elsewhere.parent.stat().st_uid) == (0o700, 0)
        assert private.stat().st_mode & 0o777 == 0o700
        embedded.reset(home)
        assert not elsewhere.parent.exists()
    finally:
        shutil.rmtree(private)


def test_programs_that_were_copied_elsewhere_find_their_libraries_there(tmp_path: Path) -> None:
    programs = postgres._copied(postgres.bundled_programs(), tmp_path)
    assert tmp_path in programs.parents
    done = subprocess.run(["ldd", programs / "initdb"], capture_output=True, text=True, check=True)
    library = next(line for line in done.stdout.splitlines() if "libpq" in line)
    assert str(tmp_path) in library


@as_root
def test_a_folder_that_someone_else_made_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir()
    os.chown(tmp_path / "ours", pwd.getpwnam("nobody").pw_uid, -1)
    with pytest.raises(embedded.EmbeddedError, match="another user's"):
        ground.private_folder(str(tmp_path), "ours", 0o700)


def test_a_link_that_someone_else_made_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "ours").symlink_to(tmp_path)
    with pytest.raises(embedded.EmbeddedError, match="another user's"):
        ground.private_folder(str(tmp_path), "ours", 0o700)


def test_sockets_of_a_deep_clone_lie_where_their_path_is_short(tmp_path: Path) -> None:
    home = tmp_path / ("deep" * 30) / ".demo"
    home.mkdir(parents=True)
    try:
        assert len(str(redis.of_clone(home).socket_path)) <= ground.SOCKET_PATH_LIMIT
        assert len(str(postgres.of_clone(home).socket_path)) <= ground.SOCKET_PATH_LIMIT
    finally:
        embedded.reset(home)


def test_a_missing_package_is_one_line_that_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres.util, "find_spec", lambda name: None)
    monkeypatch.setattr(redis.shutil, "which", lambda name: None)
    for ask in (postgres.bundled_programs, redis.redis_program):
        with pytest.raises(embedded.EmbeddedError, match="make demo") as caught:
            ask()
        assert "\n" not in str(caught.value)


def test_the_environments_own_settings_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SECRET_KEY", "DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REDIS_URL", "redis://mine")
    first = embedded.environment(tmp_path, embedded.Urls("postgres://ours", "redis://ours"), 8001)
    again = embedded.environment(tmp_path, embedded.Urls("postgres://ours", "redis://ours"), 8001)
    assert first == again
    assert len(first["SECRET_KEY"]) >= 50
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600
    assert first["DATABASE_URL"] == "postgres://ours"
    assert "REDIS_URL" not in first
    assert first["SITE_URL"] == "http://127.0.0.1:8001"
