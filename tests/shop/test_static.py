"""Static files as production serves them: by names with a hash, each of which there is."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command
from django.test import Client, override_settings
from django.urls import reverse

from tests.factories import make_image, make_product, make_user

ROOT = Path(settings.BASE_DIR)
NAMED = re.compile(r"""(?:{%\s*static|\bstatic\()\s*["']([^"']+)["']""")
HASHED = re.compile(r"\.[0-9a-f]{12}\.\w+$")
# An English word in quotes; the names of keys are no words.
WORDS = re.compile(r"""["'`]([A-Z][a-z]+(?: [^"'`]*)?)["'`]""")
KEYS = {"Enter", "Escape", "Tab", "Home", "End"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The hashed files; production also compresses them, which takes four times as long."""
    folder = tmp_path_factory.mktemp("static")
    hashed = {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
    with override_settings(STATIC_ROOT=folder, STORAGES={**settings.STORAGES, "staticfiles": hashed}):
        call_command("collectstatic", interactive=False, verbosity=0)
        yield folder


def test_every_file_that_a_template_or_code_names_is_built(built: Path) -> None:
    sources = [*ROOT.glob("shop/templates/**/*.html"), *ROOT.glob("templates/**/*.html")]
    for package in ("accounts", "catalog", "checkout", "orders", "shop"):
        sources += ROOT.glob(f"{package}/**/*.py")
    names = {name for source in sources for name in NAMED.findall(source.read_text())}
    assert {"css/admin-parts.css", "js/admin.js", "img/places.svg"} <= names
    missing = [name for name in names if not (built / staticfiles_storage.stored_name(name)).exists()]
    assert missing == []


def test_every_sheet_and_script_names_files_that_are_built(built: Path) -> None:
    seen = 0
    for sheet in built.rglob("*"):
        if sheet.suffix not in {".css", ".js"} or not HASHED.search(sheet.name):
            continue
        pattern = (
            r"url\(\s*[\"']?([^)\"']+)" if sheet.suffix == ".css" else r"(?m)^import [^\n]*[\"'](\.[^\"']+)"
        )
        for target in re.findall(pattern, sheet.read_text(errors="replace")):
            if target.startswith(("data:", "#")):
                continue
            seen += 1
            path = target.partition("#")[0].partition("?")[0]
            assert (sheet.parent / path).resolve().exists(), f"{sheet.name}: {target}"
            assert HASHED.search(path), f"{sheet.name}: {target} is not hashed"
    assert seen


@pytest.mark.django_db
def test_the_desks_pages_name_hashed_files_only(built: Path, client: Client) -> None:
    product = make_product("Low hills")
    make_image(product, ready=False)
    client.force_login(make_user(is_staff=True, is_superuser=True))
    pages = [
        reverse("admin:index"),
        reverse("admin:catalog_product_changelist"),
        reverse("admin:catalog_product_change", args=[product.pk]),
        reverse("admin:catalog_zone_add"),
        reverse("admin:password_change"),
        reverse("admin:catalog_product_delete", args=[product.pk]),
    ]
    for page in pages:
        found = set(re.findall(r'="/static/([^"#?]+)', client.get(page).content.decode()))
        assert found
        assert [name for name in found if not HASHED.search(name) or not (built / name).exists()] == [], page


def test_no_script_has_words_of_its_own() -> None:
    """They come from the page, through gettext."""
    for script in (ROOT / "static/js").glob("*.js"):
        code = re.sub(r"(?m)//[^\n]*|/\*.*?\*/", "", script.read_text(), flags=re.DOTALL)
        code = re.sub(r"fontFamily: \"[^\"]*\"", "", code)  # a font's name is nobody's word
        assert set(WORDS.findall(code)) - KEYS == set(), script.name


@pytest.mark.django_db
def test_who_asks_for_a_favicon_unasked_gets_the_icon_and_keeps_it(client: Client) -> None:
    answer = client.get("/favicon.ico")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/svg+xml")
    assert answer.content == (ROOT / "static/img/favicon.svg").read_bytes()
    assert "max-age=86400" in answer["Cache-Control"]
