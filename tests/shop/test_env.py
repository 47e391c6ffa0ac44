"""Settings come from the environment; what is missing or wrong is told in one line that says what to do."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from shop.env import env, flag, postgres, words


def test_a_setting_is_read_and_cast(monkeypatch):
    monkeypatch.setenv("WORKERS", "4")
    assert env("WORKERS", int, 2) == 4


def test_a_setting_that_is_not_there_has_its_default(monkeypatch):
    monkeypatch.delenv("WORKERS", raising=False)
    assert env("WORKERS", int, 2) == 2


def test_a_required_setting_says_what_to_do(monkeypatch):
    monkeypatch.delenv("DATABASE", raising=False)
    with pytest.raises(ImproperlyConfigured, match=r"DATABASE is not set\. Write a name\."):
        env("DATABASE", why="Write a name.")


def test_a_wrong_value_is_named(monkeypatch):
    monkeypatch.setenv("WORKERS", "many")
    with pytest.raises(ImproperlyConfigured, match="WORKERS='many' cannot be used"):
        env("WORKERS", int)


def test_a_mounted_secret_is_read_from_its_file(monkeypatch, tmp_path):
    (tmp_path / "secret").write_text("hidden\n")
    monkeypatch.setenv("SECRET_FILE", str(tmp_path / "secret"))
    monkeypatch.setenv("SECRET", "open")
    assert env("SECRET") == "hidden"


@pytest.mark.parametrize(
    ("text", "value"), [("1", True), ("TRUE", True), ("on", True), ("0", False), ("", False), ("no", False)]
)
def test_a_flag_is_yes_or_no(text, value):
    assert flag(text) is value


def test_a_flag_is_nothing_else():
    with pytest.raises(ValueError, match="true or false"):
        flag("perhaps")


def test_words_are_separated_by_commas():
    assert words(" a, b,,c ") == ["a", "b", "c"]


def test_a_database_address_is_taken_apart():
    found = postgres("postgres://shop:p%40ss@db.local:5433/deckle")
    assert (found["NAME"], found["USER"], found["PASSWORD"]) == ("deckle", "shop", "p@ss")
    assert (found["HOST"], found["PORT"]) == ("db.local", "5433")


def test_a_socket_is_a_folder():
    found = postgres("postgresql://shop@/deckle?host=/run/pg&port=5499")
    assert (found["HOST"], found["PORT"]) == ("/run/pg", "5499")


@pytest.mark.parametrize("url", ["", "mysql://x/y", "postgres://host", "deckle"])
def test_what_is_no_database_address_is_refused(url):
    with pytest.raises(ImproperlyConfigured, match="must look like"):
        postgres(url)
