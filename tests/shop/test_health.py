"""The questions of machines: does the process live, and may it have visitors."""

from unittest.mock import patch

import pytest
from django.db import OperationalError, connection
from django.test import Client


def test_the_process_answers_without_its_database(client: Client) -> None:
    response = client.get("/healthz")  # without the mark, pytest-django forbids the database
    assert (response.status_code, response.content) == (200, b"ok\n")
    assert "no-store" in response["Cache-Control"]
    assert not response.cookies


@pytest.mark.django_db
def test_it_is_ready_when_the_database_answers(client: Client) -> None:
    response = client.get("/readyz")
    assert (response.status_code, response.content) == (200, b"ready\n")
    assert "no-store" in response["Cache-Control"]


@pytest.mark.django_db
def test_it_is_not_ready_without_the_database(client: Client) -> None:
    with patch.object(connection, "cursor", side_effect=OperationalError), patch.object(connection, "close"):
        response = client.get("/readyz")
    assert response.status_code == 503
    assert "no-store" in response["Cache-Control"]
