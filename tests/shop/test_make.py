"""The commands a stranger types, and the pins they install."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PIN = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A clone in which nothing is installed, in a folder whose name has a space."""
    clone = tmp_path / "a clone"
    clone.mkdir()
    for name in ("Makefile", "requirements"):
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, clone / name)
    return clone


def make(clone: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    quiet = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", *arguments], cwd=clone, env=quiet, capture_output=True, text=True, timeout=30
    )


def test_make_alone_lists_the_targets(empty: Path) -> None:
    listed = make(empty).stdout
    for target in ("demo", "demo-reset", "stack", "stack-reset", "test", "lint", "services"):
        assert re.search(rf"make {target} +[A-Z]", listed)


def test_a_missing_python_is_one_line_that_says_what_to_do(empty: Path) -> None:
    done = make(empty, "demo", "PYTHON=python-of-nowhere")
    assert done.returncode != 0
    assert "needs Python 3.11 or later as `python-of-nowhere`" in done.stdout
    assert not (empty / ".venv").exists()


@pytest.mark.parametrize("name", ["demo", "stack"])
def test_a_reset_before_the_first_start_says_so(empty: Path, name: str) -> None:
    done = make(empty, f"{name}-reset")
    assert (done.returncode, done.stdout) == (0, f"There is no {name} here yet: run make {name}.\n")


SHOWING = """#!/bin/sh
[ "$1" = -c ] && exit 0
echo "$*; $PORT; $PRODUCTS; $CATALOGUE; $REPLICA_DELAY"
"""


@pytest.mark.parametrize(
    ("typed", "heard"),
    [
        (["demo"], "-m shop.supervisor demo; ; ; ; "),
        (["demo", "PORT=8001"], "-m shop.supervisor demo; 8001; ; ; "),
        (["stack"], "-m shop.stack up; ; ; ; "),
        (
            ["stack", "PORT=8090", "PRODUCTS=100000", "CATALOGUE=magento /a path", "REPLICA_DELAY=5"],
            "-m shop.stack up; 8090; 100000; magento /a path; 5",
        ),
        (["stack-reset"], "-m shop.stack reset; ; ; ; "),
    ],
)
def test_what_is_typed_reaches_what_is_started(empty: Path, typed: list[str], heard: str) -> None:
    python = empty / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(SHOWING)
    python.chmod(0o755)
    assert make(empty, "-o", ".venv/.demo", *typed).stdout == f"{heard}\n"


def test_pins_are_hashed_and_name_no_machine() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text()
        assert not re.search(r"://|^-|^[^#]*\s/|--(index|find)", text, re.MULTILINE), path.name
        entries = re.split(r"\n(?=[a-z0-9])", text.partition("\n    make requirements\n")[2] or text)
        assert all("--hash=sha256:" in entry for entry in entries if PIN.match(entry)), path.name


def test_the_tests_run_on_what_the_demo_installs() -> None:
    demo, test = (
        dict(PIN.findall((ROOT / "requirements" / f"{name}.txt").read_text())) for name in ("demo", "test")
    )
    assert demo
    assert {name: test.get(name) for name in demo} == demo


def test_a_commit_is_asked_of_style_and_templates_what_make_lint_asks() -> None:
    makefile = (ROOT / "Makefile").read_text().partition("\nlint: .venv")[2].partition("\n\n")[0]
    lint = [set(line.replace("$(PY)", ".venv/bin/python").split()) for line in makefile.splitlines()]
    hooks = re.findall(r"entry: (.+)", (ROOT / ".pre-commit-config.yaml").read_text())
    assert {hook.split()[2] for hook in hooks} == {"ruff", "djlint"}
    asked = [set(hook.split()) - {"--force-exclude"} for hook in hooks]
    assert [words for words in asked if not any(words <= line for line in lint)] == []


def test_a_long_run_has_a_figure_for_every_variable_of_its_tests_and_no_other() -> None:
    """A name that only one of the two knows would run for long at the figure of a short run."""
    target = re.search(
        r"^soak: export(?:.*\n)+?\t(?:.*\n)+?\n", (ROOT / "Makefile").read_text(), re.MULTILINE
    )
    assert target
    told = set(re.findall(r"export (\w+)", target[0]))
    files = [*re.findall(r"tests/\S+\.py", target[0]), "tests/catalog/magento.py"]
    read = {
        name
        for file in files
        for name in re.findall(r'os\.environ\.get\("(\w+)", "[\d,]+"\)', (ROOT / file).read_text())
    }
    assert read - told <= {"ORACLE_LAG_MS"}  # as it comes, for long too
    assert told - read == set()
