"""What the catalogue's tests ask for: a page with what its template was given."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from catalog import views
from tests.factories import make_tax_class, make_user


@dataclass
class Seen:
    """An answer and its template's context (Jinja2 sends no signal, so Django's client has none)."""

    response: HttpResponse
    context: dict[str, Any]

    @property
    def html(self) -> str:
        return self.response.content.decode()

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def address(self) -> str:
        """Where it was found: the one asked for, or where that led to."""
        asked = self.response.request  # type: ignore[attr-defined]
        return f"{asked['PATH_INFO']}?{asked['QUERY_STRING']}".rstrip("?")

    def __getitem__(self, name: str) -> Any:
        return self.context[name]


Look = Callable[..., Seen]


@pytest.fixture
def look(client: Client, monkeypatch: pytest.MonkeyPatch) -> Look:
    """look("/c/posters/", size="a3") → the page, its context; from another address of it one is led there."""
    kept: dict[str, Any] = {}
    render = views.render

    def keep(request: Any, template: str, context: dict[str, Any], **options: Any) -> HttpResponse:
        kept.clear()
        kept.update(context, chrome=request.chrome)
        return render(request, template, context, **options)

    def get(path: str, **parameters: Any) -> Seen:
        kept.clear()
        response = client.get(path, parameters, follow=True)
        return Seen(response, dict(kept))  # type: ignore[arg-type]

    monkeypatch.setattr(views, "render", keep)
    return get


@pytest.fixture
def sent_folder(settings: Any, tmp_path: Path) -> Path:
    """Where files lie that are sent to be imported."""
    private = {**settings.STORAGES["private"], "OPTIONS": {"location": tmp_path / "private"}}
    settings.STORAGES = {**settings.STORAGES, "private": private}
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "private"


@pytest.fixture
def importer(client: Client, sent_folder: Path) -> Client:
    """Somebody at the desk who may send them."""
    make_tax_class()
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client
