"""What lists and pages repeat: a card, a filter's value, the navigation; and the numbers that they tell."""

import re
from decimal import Decimal
from typing import Any

import pytest
from jinja2 import Environment
from jinja2.exceptions import UndefinedError

from shop import markets
from shop.money import Money
from tests.shop.test_templates import render

CARD: dict[str, Any] = {
    "name": "Two “suns” & a sea",
    "url": '/p/two-suns/?size="30"',
    "kind": "Art print",
    "detail": "30 × 40 cm",
    "price": Money(Decimal(38), "EUR"),
    "list_price": None,
    "is_from": True,
    "discount": None,
    "badge": None,
    "availability": "in",
    "picture": {"alt": "", "src": None},
    "rating": Decimal("4.5"),
    "rating_count": 1,
}


def test_a_card_says_all_that_it_knows_and_escapes_it(env: Environment) -> None:
    html = render(env, "{{ card(item, rating=true, heading='h2') }}", item=CARD)
    assert '<h2 class="card__name"><a class="card__link" href="/p/two-suns/?size=&quot;30&quot;">' in html
    assert "suns” &amp; a sea</a>" in html
    said = " ".join(re.sub(r"<[^>]+>", " ", html).split())
    assert said.endswith("a sea Art print, 30 × 40 cm from €38 rated 4.5 (1) of 5 by 1 customer")
    assert "badge" not in html
    bare = render(env, "{{ card(item) }}", item=CARD | {"kind": "", "detail": ""})
    assert "card__rating" not in bare
    assert "card__kind" not in bare


@pytest.mark.parametrize(
    ("change", "css", "said"),
    [
        ({"badge": "sale", "discount": 29}, "badge badge--sale", "−29%"),
        ({"badge": "new"}, "badge", "New"),
        ({"badge": "low"}, "badge", "Last few"),
        ({"badge": "out", "availability": "out"}, "badge badge--out", "Sold out"),
    ],
)
def test_a_card_has_one_badge_that_tells_its_rate_as_every_rate_is_told(
    env: Environment, change: dict[str, Any], css: str, said: str
) -> None:
    html = render(env, "{{ card(item) }}", item=CARD | change)
    assert f'<span class="{css}">{said}</span>' in html
    assert ("card--out" in html) is (said == "Sold out")


@pytest.mark.parametrize(
    ("is_selected", "is_disabled", "state"),
    [(False, False, ""), (True, False, " checked"), (True, True, " checked"), (False, True, " disabled")],
)
def test_a_value_to_filter_by_says_its_number_and_its_state(
    env: Environment, is_selected: bool, is_disabled: bool, state: str
) -> None:
    value = {"slug": 'a"b', "label": "Ink & <blue>", "swatch": "#123456", "count": 1234}
    value |= {"is_selected": is_selected, "is_disabled": is_disabled}
    html = render(env, "{{ facet_value(facet, value) }}", facet={"code": "colour"}, value=value)
    assert f'name="colour" value="a&quot;b"{state}>' in html
    assert "Ink &amp; &lt;blue&gt;" in html
    assert 'fill="#123456"' in html
    assert "1,234</span>" in html
    assert ("facet__value--none" in html) is (state == " disabled")


def test_numbers_of_things_are_told_in_the_language_of_the_page(env: Environment) -> None:
    """Plurals are remembered too, with what else they name."""
    source = '{{ ngettext("%(num)d thing", "%(num)d things", n) }}'
    assert [render(env, source, n=n) for n in (1, 2, 2)] == ["1 thing", "2 things", "2 things"]
    named = '{{ ngettext("%(num)d of %(who)s", "%(num)d of %(who)s", 2, who=who) }}'
    assert [render(env, named, who=who) for who in ("A&B", "C")] == ["2 of A&amp;B", "2 of C"]


def test_a_part_is_remembered_for_what_it_is_given_its_language_and_its_market(env: Environment) -> None:
    source = '{{ remembered("components/navigation.html", navigation=items, section=none) }}'

    def shown(**change: Any) -> str:
        item = {"name": "Wall", "url": "/c/wall/", "room": "always", "is_current": False, **change}
        return render(env, source, items=[item])

    first = shown()
    assert first == shown()
    assert 'href="/c/wall/"' in first
    assert 'aria-current="true">Wall' in shown(is_current=True)
    assert "Wall &amp; floor" in shown(name="Wall & floor")
    assert 'href="/search/?sale=1"' in first
    with markets.use(markets.get("gb")):
        assert 'href="/gb/search/?sale=1"' in shown()
    with pytest.raises(UndefinedError):
        render(env, '{{ remembered("components/navigation.html", section=none) }}', navigation=[])
