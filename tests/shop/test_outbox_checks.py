"""`manage.py check` refuses a lease that ends while a slow mail server is still spoken to."""

import pytest
from django.test import override_settings

from shop.outbox.checks import lease


@pytest.mark.parametrize(
    ("seconds", "timeout", "is_fine"), [(120, 10, True), (30, 10, False), (100, 60, False)]
)
def test_a_lease_outlasts_the_mail_server(seconds: float, timeout: float, is_fine: bool) -> None:
    with override_settings(OUTBOX_LEASE_SECONDS=seconds, EMAIL_TIMEOUT=timeout):
        assert [error.id for error in lease()] == ([] if is_fine else ["outbox.E001"])
