"""Passwords that are quick to hash."""

import pytest
from pytest_django import Settings

from shop import limits


@pytest.fixture(autouse=True)
def _quick_and_unlimited(settings: Settings) -> None:
    """Argon2 is slow on purpose; here nobody guesses."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    limits.local.clear()  # what was counted while Redis was slow
