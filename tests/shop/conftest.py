"""What the tests of shop share."""

import sys
from types import ModuleType

import pytest
from django.template import engines
from jinja2 import Environment

from shop import jinja


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """An app's jobs module, written by the test: `shop.<name>`."""
    module = ModuleType("shop.jobs")
    monkeypatch.setitem(sys.modules, "shop.jobs", module)
    return module


@pytest.fixture
def env() -> Environment:
    environment = jinja.environment(
        autoescape=True,
        loader=engines.all()[0].env.loader,  # type: ignore[attr-defined]
    )
    # Without collectstatic there is no manifest to look names up in.
    environment.globals["static"] = "/static/{}".format
    return environment
