"""Two browsers at once: a link is used once, and one address is the default."""

import pytest
from django.db import connection

from accounts import addresses, links, passwords
from accounts.models import Address, User
from tests.checkout.conftest import ADDRESS, together
from tests.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_five_that_follow_a_link_one_sets_the_password() -> None:
    assert connection.vendor == "postgresql"
    token = links.token(links.RESET, make_user())
    answers = together(5, lambda number: passwords.reset(token, f"quiet hills {number}"))
    winners = [number for number, answer in enumerate(answers) if isinstance(answer, User)]
    assert len(winners) == 1, answers
    assert User.objects.get().check_password(f"quiet hills {winners[0]}")


def test_eight_addresses_at_once_have_one_default_and_the_same_one_is_kept_once() -> None:
    ada = make_user()

    def keep(number: int) -> Address:
        return addresses.keep(ada, {**ADDRESS, "line1": f"Street {number % 2}"}, is_default=True)

    answers = together(8, keep)
    assert [answer for answer in answers if not isinstance(answer, Address)] == []
    assert ada.addresses.filter(is_default=True).count() == 1
    assert sorted(ada.addresses.values_list("line1", flat=True)) == ["Street 0", "Street 1"]
