"""Media from the app itself: the demo has no other server."""

from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "a.jpg").write_bytes(b"picture")
    (tmp_path / "secret.txt").write_text("not for visitors")
    return tmp_path


def test_a_picture_is_kept_for_a_year(folder: Path, client: Client) -> None:
    answer = client.get("/media/a.jpg")
    assert b"".join(answer) == b"picture"
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["nothing.jpg", "../secret.txt", "%2e%2e/secret.txt", "a" * 300, "", "a.jpg/b"]
)
def test_what_is_no_picture_is_404_and_not_kept(folder: Path, client: Client, path: str) -> None:
    answer = client.get(f"/media/{path}")
    assert answer.status_code == 404
    assert "max-age=31536000" not in answer.get("Cache-Control", "")
