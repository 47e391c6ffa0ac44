"""What the buyer saw, and what has become another since: told before anything is ordered."""

from decimal import Decimal

import pytest
from django.core.signing import dumps
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from catalog.models import MethodRate, Price, Product, Variant
from checkout import agreed
from checkout.agreed import Agreed, Forged, differences
from checkout.models import Cart, CartLine
from tests.checkout.conftest import go_to_review, put
from tests.checkout.test_completion import order

AMOUNTS = st.decimals(0, 9_999, places=2)
AGREED = st.builds(
    Agreed,
    placement_key=st.text(max_size=20),
    digest=st.text(max_size=64),
    currency=st.sampled_from(["EUR", "GBP"]),
    lines=st.dictionaries(
        st.integers(1, 5), st.tuples(st.text(max_size=9), st.integers(1, 999), AMOUNTS), max_size=4
    ),
    method=st.none() | st.tuples(st.text(max_size=9), AMOUNTS),
    discount=AMOUNTS,
    tax=AMOUNTS,
    total=AMOUNTS,
    place=st.text(max_size=16),
)


@given(AGREED)
def test_what_a_form_carries_comes_back_as_it_was(content: Agreed) -> None:
    text = dumps(agreed._content(content), salt=agreed.SALT, compress=True)
    assert agreed.unseal(text) == content


@given(AGREED, AGREED)
def test_whatever_is_another_is_told_and_nothing_else(then: Agreed, now: Agreed) -> None:
    assert differences(then, then) == []
    told = differences(then, now)
    compared = ("lines", "method", "discount", "tax", "total", "place", "currency")
    names_only = {pk: line[1:] for pk, line in then.lines.items()} == {
        pk: line[1:] for pk, line in now.lines.items()
    }
    is_same = names_only and all(getattr(then, name) == getattr(now, name) for name in compared[1:])
    assert bool(told) is not is_same


@pytest.mark.parametrize("content", [None, {"lines": []}, [], "text"])
def test_what_is_not_ours_is_refused(content: object) -> None:
    for text in ("", "no:signature", "é.é", dumps(content, salt=agreed.SALT), dumps({}, salt="another")):
        with pytest.raises(Forged):
            agreed.unseal(text)


def changes(client: Client) -> list[str]:
    """What the review says has changed."""
    page = client.get("/checkout/review/").content.decode()
    _before, _mark, rest = page.partition('<ul class="message__list">')
    return [item.partition("</li>")[0] for item in rest.partition("</ul>")[0].split("<li>")[1:]]


def test_a_buyer_reads_what_has_changed(client: Client, suns: Product, variant: Variant) -> None:
    put(client, variant, 2)
    put(client, suns.variants.get(position=1))
    digest = go_to_review(client)
    Price.objects.filter(variant=variant).update(amount=Decimal("29.50"))
    CartLine.objects.filter(variant=variant).update(quantity=1)
    CartLine.objects.exclude(variant=variant).delete()
    MethodRate.objects.update(amount=Decimal("5.90"))
    Cart.objects.update(city="Hamburg")
    assert order(client, digest) == "/checkout/review/"
    assert changes(client) == [
        "Two suns over Cadiz (30 × 40 cm): 1 instead of 2.",
        "Two suns over Cadiz (30 × 40 cm): €29.50 each instead of €38.00.",
        "Two suns over Cadiz (50 × 70 cm) has left the cart.",
        "The address is another one.",
        "Delivery: Standard, €5.90 instead of Standard, free.",
        "Tax: €5.65 instead of €21.39.",
        "Total: €35.40 instead of €134.00.",
    ]


def test_names_are_told_as_text(client: Client, suns: Product, variant: Variant) -> None:
    suns.name = "<b>Suns</b>"
    suns.save()
    put(client, variant)
    digest = go_to_review(client)
    put(client, variant)
    order(client, digest)
    assert changes(client)[0] == "&lt;b&gt;Suns&lt;/b&gt; (30 × 40 cm): 2 instead of 1."
