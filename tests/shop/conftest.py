"""What the tests of shop share."""

import sys
from types import ModuleType

import pytest


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """An app's jobs module, written by the test: `shop.<name>`."""
    module = ModuleType("shop.jobs")
    monkeypatch.setitem(sys.modules, "shop.jobs", module)
    return module
