"""Whatever a test with real transactions wrote, the next finds the database as it was after `migrate`."""

from threading import Thread

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.utils import OperationalError

from shop.changes.models import Change
from tests import emptying
from tests.factories import make_page, make_user
from tests.journeys.shop import make_shop

pytestmark = pytest.mark.django_db(transaction=True)
GOODS = Permission.objects.filter(content_type__app_label="catalog", codename="change_product")


@pytest.fixture(autouse=True)
def begun() -> dict[str, bytes]:
    """Each table's rows before the test."""
    return emptying.contents(connection)


def of_migrate() -> tuple[int, set[str], bool]:
    """What `migrate` leaves behind: every model's content type, the two groups, and what they may."""
    types = ContentType.objects.get_for_models(
        *ContentType.objects.none().model._meta.apps.get_models(), for_concrete_models=False
    )
    groups = set(Group.objects.values_list("name", flat=True))
    return len(types), groups, Group.objects.get(name="Merchant").permissions.filter(pk__in=GOODS).exists()


def test_the_tables_are_what_migrate_made(begun: dict[str, bytes]) -> None:
    filled = {table for table, rows in begun.items() if rows}
    assert filled == {"auth_group", "auth_group_permissions", "auth_permission", "django_content_type"}
    number, groups, may_edit = of_migrate()
    assert number == ContentType.objects.count()
    assert (groups, may_edit) == ({"Merchant", "Support"}, True)


@pytest.mark.parametrize("large", [emptying.LARGE, 0], ids=["deleted", "truncated"])
def test_nothing_is_left_of_a_whole_shop(
    begun: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, large: int
) -> None:
    monkeypatch.setattr(emptying, "LARGE", large)
    make_user("ada@example.com").groups.add(Group.objects.get(name="Merchant"))
    first = make_shop().pk
    assert Change.objects.exists()
    emptying.empty("default")
    assert emptying.contents(connection) == begun
    # What went is not noted either, and no number comes twice.
    assert not Change.objects.exists()
    assert make_shop().pk > first


def test_permissions_and_groups_are_given_back(begun: dict[str, bytes]) -> None:
    of_migrate()
    Group.objects.get(name="Merchant").permissions.clear()
    Group.objects.create(name="Printers")
    Permission.objects.filter(pk__in=GOODS).delete()
    ContentType.objects.filter(model="review").delete()
    emptying.empty("default")
    assert emptying.contents(connection) == begun
    of_migrate()


def test_who_may_not_silence_triggers_truncates(begun: dict[str, bytes]) -> None:
    """As a test run has it that was given a database."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE plain; GRANT ALL ON ALL TABLES IN SCHEMA public TO plain")
        cursor.execute("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO plain; SET ROLE plain")
    try:
        make_shop()
        emptying.empty("default")
        assert emptying.contents(connection) == begun
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE; DROP OWNED BY plain; DROP ROLE plain")


def test_it_waits_for_who_has_not_finished() -> None:
    """A row that another process commits a moment later would meet the next test."""

    told: list[str] = []
    with transaction.atomic():
        make_page("Delivery")
        other = Thread(target=empty, args=(told, 100))
        other.start()
        other.join(10)
    assert ["lock timeout" in each for each in told] == [True]


def test_it_begins_again_where_a_late_reader_and_it_wait_for_each_other(begun: dict[str, bytes]) -> None:
    told: list[str] = []
    make_page("Delivery")
    first, *_others, last = emptying._begun["default"]  # as it locks them
    other = Thread(target=empty, args=(told,))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT FROM {last}")
        other.start()
        while not waits(last):
            other.join(0.01)
        cursor.execute(f"SELECT FROM {first}")
    other.join(20)
    assert told == ["emptied"]
    assert emptying.contents(connection) == begun


def empty(told: list[str], patience_ms: int = 0) -> None:
    """As another process does it, which tells how it went."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = {patience_ms}")
        emptying.empty("default")
        told.append("emptied")
    except OperationalError as error:
        told.append(str(error))
    finally:
        connection.close()


def waits(table: str) -> bool:
    """Does somebody wait for this table?"""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_locks WHERE relation = %s::regclass AND NOT granted", [table])
        return bool(cursor.fetchall())
