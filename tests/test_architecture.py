"""ARCHITECTURE as checks: what a reviewer would otherwise have to remember."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import importlinter.cli
import pytest
from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

from orders import states, texts
from shop.changes import rules
from shop.outbox import outbox
from shop.replicas import rotation

ROOT = Path(__file__).resolve().parent.parent
APPS = ("shop", "accounts", "catalog", "orders", "checkout")
PATTERN_NAMES = {"utils", "helpers", "services", "managers", "mixins", "misc", "common", "actions", "api"}


def tracked(*suffixes: str) -> list[Path]:
    """The project's own files, with or without a commit yet."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return [ROOT / name for name in listing if name.endswith(suffixes) and (ROOT / name).is_file()]


def source_files() -> list[Path]:
    return [path for path in tracked(".py") if "migrations" not in path.parts]


def routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        name = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if pattern.app_name not in {"admin", "django_rq"}:
                yield from routes(pattern.url_patterns, name)
        else:
            yield name, pattern


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_every_route_declares_its_page_kind() -> None:
    undeclared = [
        name
        for name, pattern in routes(get_resolver().url_patterns)
        if getattr(pattern.callback, "page_kind", None) not in {"public", "private"}
    ]
    assert undeclared == []


def test_every_top_level_package_stands_in_the_order_of_the_apps() -> None:
    contracts = project()["tool"]["importlinter"]["contracts"]
    ordered = " ".join(contracts[0]["layers"]).replace("|", " ").split()
    packages = {
        path.parent.name
        for path in tracked("__init__.py")
        if path.parent.parent == ROOT and path.parent.name not in {"tests", "bench"}
    }
    assert packages == set(ordered)


@pytest.mark.parametrize("contract", project()["tool"]["importlinter"]["contracts"], ids=lambda c: c["name"])
def test_contracts_inside_an_app_are_exhaustive(contract: dict) -> None:
    assert contract.get("exhaustive") is True or "containers" not in contract


def test_the_import_contracts_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "path", [*sys.path])
    # Its own would silence all loggers that there are, for whatever test of this process comes next.
    monkeypatch.setattr(importlinter.cli, "_configure_logging", lambda verbose: None)
    assert lint_imports(no_cache=True) == EXIT_STATUS_SUCCESS
    assert not rotation.logger.disabled


def test_no_hand_written_file_is_longer_than_300_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in [*source_files(), *tracked(".html", ".css", ".js")]
        if (lines := len(path.read_text().splitlines())) > 300
    }
    assert long == {}


def test_no_module_is_named_after_a_pattern() -> None:
    named = [str(path.relative_to(ROOT)) for path in source_files() if path.stem in PATTERN_NAMES]
    named += [str(path) for path in source_files() if PATTERN_NAMES & set(path.relative_to(ROOT).parts[:-1])]
    assert named == []


def test_no_import_stands_inside_a_function() -> None:
    found = []
    for path in source_files():
        # An app's ready() is where Django lets it import its models.
        if path.parts[len(ROOT.parts)] not in APPS or path.name == "apps.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found += [
                    f"{path.relative_to(ROOT)}:{inner.lineno}"
                    for inner in ast.walk(node)
                    if isinstance(inner, ast.Import | ast.ImportFrom)
                ]
    assert found == []


def test_nobody_listens_to_post_save() -> None:
    """Changes project state, functions decide: a receiver would be a third way."""
    listening = [
        str(path.relative_to(ROOT))
        for path in source_files()
        if path.parts[len(ROOT.parts)] in APPS
        and re.search(r"\b(post|pre)_(save|delete)\.connect|receiver\(|m2m_changed", path.read_text())
    ]
    assert listening == []


def enqueued_names() -> set[str]:
    names = set()
    for path in source_files():
        if path.parts[len(ROOT.parts)] not in APPS:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and node.args:
                called, first = called_name(node), node.args[0]
                if called in {"enqueue", "register", "on_release", "mail_once"} and isinstance(
                    first, ast.Constant
                ):
                    names.add(first.value)
    return names | {*states.MAILS.values(), *texts.JOBS.values()}


def called_name(call: ast.Call) -> str:
    """The last part of what is called: enqueue; of import_string("….register") what it imports."""
    if isinstance(call.func, ast.Call) and call.func.args and isinstance(call.func.args[0], ast.Constant):
        return str(call.func.args[0].value).rpartition(".")[2]
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def test_every_name_of_a_job_resolves() -> None:
    names = enqueued_names()
    assert {"orders.send_shipped", "orders.ask_the_silent", "catalog.render_image"} <= names
    for name in names:
        assert callable(outbox.resolve(name)), name


def test_a_production_without_the_demos_wheels_knows_every_job() -> None:
    names = sorted(name for name in enqueued_names() if not name.startswith("demo."))
    script = f"""
import sys
sys.modules["numpy"] = sys.modules["resvg_py"] = None
import django
django.setup()
from shop.outbox import outbox
for name in {names!r}:
    outbox.resolve(name)
"""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "shop.settings"}
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr


def test_every_noted_model_has_a_rule() -> None:
    """A trigger that nobody follows is a write for nothing; a rule without a trigger never fires."""
    noted = {
        model._meta.label_lower
        for model in apps.get_models()
        if any(trigger.name == "noted_update" for trigger in getattr(model._meta, "triggers", ()))
    }
    assert noted == rules.labels()


def test_every_setting_stands_in_the_example() -> None:
    example = (ROOT / ".env.example").read_text()
    settings = (ROOT / "shop" / "settings.py").read_text()
    names = set(re.findall(r'\benv\(\s*"([A-Z_]+)"', settings))
    assert names
    missing = {name for name in names if not re.search(rf"^#?\s*{name}=", example, re.MULTILINE)}
    assert missing == set()


def test_every_make_target_has_help() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z][a-z0-9-]*):", makefile, re.MULTILINE))
    helped = set(re.findall(r"^([a-z][a-z0-9-]*):[^\n]*##", makefile, re.MULTILINE))
    assert targets
    assert targets - helped == set()


def test_every_path_named_in_the_readme_exists() -> None:
    readme = (ROOT / "README.md").read_text()
    named = set(re.findall(r"`((?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:py|md|toml|txt))`", readme))
    named |= set(re.findall(r"\]\(((?!http)[^)#]+)\)", readme))
    roots = {path.parts[len(ROOT.parts)] for path in tracked("")}
    missing = {name for name in named if name.split("/")[0] in roots and not (ROOT / name).exists()}
    missing |= {name for name in named if "/" not in name and not (ROOT / name).exists()}
    assert missing == set()


def test_every_dependency_says_why_it_is_there() -> None:
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    dependency = re.compile(r'^    "[a-z][a-z0-9-]*[\[>=<]')
    unexplained = [
        line.strip()
        for before, line in pairwise(lines)
        if dependency.match(line) and not before.strip().startswith("#")
    ]
    assert [line for line in lines if dependency.match(line)]
    assert unexplained == []


def test_requirement_files_name_no_index_and_pin_every_hash() -> None:
    files = tracked("requirements/demo.txt", "requirements/test.txt")
    assert len(files) == 2
    for path in files:
        text = path.read_text()
        assert not re.search(
            r"^\s*(-i|--index|--extra-index|--find-links|-f)\b|https?://", text, re.MULTILINE
        )
        pins = re.findall(r"^[a-z0-9][^\s=]*==[^\s\\]+", text, re.MULTILINE)
        assert pins
        assert len(pins) == len(
            re.findall(r"^[a-z0-9][^\n]*==[^\n]*\\\n\s+--hash=sha256:", text, re.MULTILINE)
        )
