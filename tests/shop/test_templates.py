"""The storefront's templates and static files, without a database."""

import gzip
import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.conf import settings
from django.test import RequestFactory
from django.utils import timezone, translation
from jinja2 import Environment
from markupsafe import Markup

from shop import markets
from shop.jinja import links, parts, words
from shop.money import Money

ROOT = Path(settings.BASE_DIR)
TEMPLATES = ROOT / "templates"
STATIC = ROOT / "static"
NAMES = {
    *("catalog:home", "catalog:category", "catalog:product", "catalog:search", "catalog:page"),
    "catalog:suggest",
    *("checkout:cart", "checkout:add", "checkout:change", "checkout:start"),
    *("checkout:address", "checkout:delivery", "checkout:review"),
    *("orders:order", "orders:pay", "orders:track", "orders:history"),
    *("accounts:login", "accounts:logout", "accounts:register", "accounts:account"),
    *("accounts:reset", "accounts:send_confirmation", "accounts:details", "accounts:name", "accounts:email"),
    *("accounts:password", "accounts:addresses", "accounts:new_address", "accounts:address"),
    *("accounts:remove_address", "accounts:prefer_address", "accounts:logins", "accounts:log_out"),
    *("checkout:again", "checkout:reopen", "checkout:voucher"),
    *("dev_mail", "dev_mail_message", "dev_mail_example", "dev_mail_examples"),
}


def templates(*, mails: bool = True) -> list[Path]:
    found = [path for path in TEMPLATES.rglob("*") if path.suffix in {".html", ".txt"}]
    return sorted(path for path in found if mails or "emails" not in path.parts)


def stylesheets() -> list[Path]:
    """The storefront's; the admin has its own."""
    return [path for path in (STATIC / "css").rglob("*.css") if not path.name.startswith("admin")]


def name(path: Path) -> str:
    return path.relative_to(TEMPLATES).as_posix()


def weight(paths: list[Path]) -> int:
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in paths)


def render(env: Environment, source: str, **context: Any) -> str:
    return env.from_string(source).render(**context)


@pytest.mark.parametrize("path", templates(), ids=name)
def test_every_template_compiles(env: Environment, path: Path) -> None:
    env.get_template(name(path))


@pytest.mark.parametrize("path", templates(mails=False), ids=name)
def test_no_page_needs_more_than_its_own_styles_and_scripts(path: Path) -> None:
    text = path.read_text()
    scripts = re.findall(r"<script\b([^>]*)>", text)
    assert [tag for tag in scripts if "src=" not in tag and "application/" not in tag] == []
    assert re.findall(r"<style\b|\sstyle=|\son[a-z]+=[\"']|javascript:", text) == []


def test_templates_link_only_to_pages_that_exist() -> None:
    used = {
        found: name(path)
        for path in templates()
        for found in re.findall(r"url\(\s*[\"']([\w:]+)[\"']", path.read_text())
    }
    assert {found: where for found, where in used.items() if found not in NAMES} == {}


def test_every_icon_that_is_used_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "img" / "icons.svg").read_text()))
    used = {found for path in templates() for found in re.findall(r"icon\(\s*\"([\w-]+)\"", path.read_text())}
    assert used <= drawn
    assert used


def test_every_stylesheet_that_a_page_asks_for_is_there() -> None:
    asked = {
        block
        for path in templates(mails=False)
        for listed in re.findall(r"{% set styles = \[(.*?)\] %}", path.read_text())
        for block in re.findall(r'"([\w-]+)"', listed)
    }
    assert {block for block in asked if not (STATIC / "css" / "blocks" / f"{block}.css").is_file()} == set()


def test_every_stylesheet_stands_in_a_layer() -> None:
    assert [
        path.name
        for path in stylesheets()
        if path.name != "fonts.css" and "@layer" not in path.read_text()[:200]
    ] == []


def test_styles_and_scripts_keep_their_budget() -> None:
    assert weight(stylesheets()) <= 27_200  # all of them: a page asks for its own blocks only
    assert (
        weight([path for path in (STATIC / "js").rglob("*.js") if not path.name.startswith("admin")])
        <= 12_000
    )


def test_two_fonts_at_most_are_fetched_ahead_and_all_of_them_are_light() -> None:
    preloaded = re.findall(
        r'rel="preload" href="{{ static\(\'(fonts/[\w.-]+)\'\) }}"', (TEMPLATES / "base.html").read_text()
    )
    assert 1 <= len(preloaded) <= 2
    assert [font for font in preloaded if not (STATIC / font).is_file()] == []
    assert [path.name for path in (STATIC / "fonts").glob("*.woff2") if path.stat().st_size > 31_000] == []


def test_the_error_page_stands_alone(env: Environment) -> None:
    html = env.get_template("500.html").render()
    linked = re.findall(r'href="/static/([^"]+)"', html)
    assert linked
    assert [path for path in linked if not (STATIC / path).is_file()] == []


def test_a_picture_holds_its_room_and_is_lazy_unless_it_is_the_first(env: Environment) -> None:
    shown = {
        "alt": "Two “suns” & a sea",
        "width": 960,
        "height": 1200,
        "src": "/media/a-960.jpg",
        "srcset": {"webp": "/media/a-480.webp 480w", "jpeg": "/media/a-480.jpg 480w, /media/a-960.jpg 960w"},
        "mat": "",
    }
    lazy = render(env, "{{ picture(shown, '50vw') }}", shown=shown)
    assert 'width="960" height="1200"' in lazy
    assert 'loading="lazy"' in lazy
    assert 'sizes="auto, 50vw"' in lazy
    assert "&amp; a sea" in lazy
    first = render(env, "{{ picture(shown, '50vw', eager=true) }}", shown=shown)
    assert 'fetchpriority="high"' in first
    assert "lazy" not in first
    assert "auto" not in first
    assert parts.widest(shown) == "/media/a-960.jpg"


def test_a_sale_price_is_told_in_words_too(env: Environment) -> None:
    html = render(env, "{{ price(now, was) }}", now=Money(Decimal(32), "EUR"), was=Money(Decimal(40), "EUR"))
    assert re.sub(r"<[^>]+>|\s+", " ", html).split() == ["Sale", "price", "€32", "Regular", "price", "€40"]
    assert '<s class="price__was">' in html


def test_what_is_remembered_is_remembered_for_one_language_and_one_way_of_writing(env: Environment) -> None:
    """Prices, numbers, texts and stars are made once; no other market gets the wrong one."""
    source = '{{ price(sum, short=false) }} {{ 1234|number }} {{ _("from") }} {{ stars(rating) }}'
    shown = {"sum": Money(Decimal("1234.5"), "EUR"), "rating": Decimal("4.0")}
    english = render(env, source, **shown)
    with translation.override("de"):
        german = render(env, source, **shown)
    assert "€1,234.50" in english
    assert "1.234,50" in german
    assert "1,234 " in english
    assert "1.234 " in german
    assert "4.0 of 5 stars" in english
    assert "4.0" in german
    assert 'aria-label="4 of' in render(env, "{{ stars(rating) }}", rating=Decimal(4))
    assert render(env, "{{ _('%(who)s & co', who=who) }}", who="<b>") == "&lt;b&gt; & co"
    assert render(env, "{{ _('100%%') }}{{ _('100%%') }}") == "100%100%"


def test_a_field_says_what_is_wrong_and_points_to_it(env: Environment) -> None:
    class Address(forms.Form):
        city = forms.CharField(label="City", help_text="Where the parcel goes.")
        phone = forms.CharField(label="Phone", required=False)

    form = Address({"city": "", "phone": ""})
    imported = '{% from "components/form.html" import field, summary %}'
    source = imported + "{{ summary(form) }}{% for f in form %}{{ field(f) }}{% endfor %}"
    html = render(env, source, form=form)
    assert 'href="#id_city"' in html
    assert 'aria-describedby="id_city_error id_city_hint"' in html
    assert html.count('aria-invalid="true"') == 1
    assert 'id="id_city_error"' in html
    assert "required" in html
    assert "optional" in html


@pytest.mark.parametrize(
    ("first", "last", "text"),
    [
        (date(2026, 11, 25), date(2026, 11, 27), "Wed 25 – Fri 27 Nov"),
        (date(2026, 11, 30), date(2026, 12, 2), "Mon 30 Nov – Wed 2 Dec"),
        (date(2026, 11, 25), date(2026, 11, 25), "Wed 25 Nov"),
    ],
)
def test_dates_are_told_shortly(first: date, last: date, text: str) -> None:
    assert words.dates(first, last).replace("\N{NO-BREAK SPACE}", " ") == text


@pytest.mark.parametrize("at", [time(15, 5), datetime(2026, 11, 25, 14, 5, tzinfo=UTC)])
def test_times_are_told_by_the_clock_of_the_shop(env: Environment, at: time | datetime) -> None:
    assert render(env, "{{ at|time }}", at=at) == "15:05"


def test_the_page_is_offered_in_every_market() -> None:
    found = links.alternates(RequestFactory().get("/c/posters/", {"sort": "new"}))
    assert [there["url"] for there in found] == ["/c/posters/", "/gb/c/posters/"]
    assert [there["language"] for there in found] == ["en", "en-GB"]
    assert [there["is_current"] for there in found] == [True, False]
    with markets.use(markets.get("gb")):
        assert [there["is_current"] for there in links.alternates(None)] == [False, True]


def test_what_a_template_forgets_to_be_given_is_an_error(env: Environment) -> None:
    with pytest.raises(Exception, match="undefined"):
        render(env, "{{ nothing }}")


def test_plain_mails_are_not_escaped(env: Environment) -> None:
    context = {"name": "Ada & Co", "email": "ada@example.com", "link": "/a/?b&c", "shop_url": "/"}
    text = env.get_template("emails/accounts/welcome.txt").render(context)
    assert "Welcome, Ada & Co" in text
    assert not isinstance(text, Markup)


def test_every_icon_is_asked_for_and_every_icon_asked_for_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="([a-z-]+)"', (STATIC / "img/icons.svg").read_text()))
    written = [path.read_text() for path in (*TEMPLATES.rglob("*.html"), *ROOT.glob("shop/jinja/*.py"))]
    asked = {name for text in written for name in re.findall(r'icon\("([a-z-]+)"', text)}
    assert asked == drawn


def test_a_moment_is_told_by_its_time_today_and_by_its_day_too_on_others() -> None:
    now = timezone.localtime()
    noon, tomorrow = now.replace(hour=12, minute=5), now + timedelta(days=1)
    assert words.moment(noon) == "12:05"
    assert words.moment(tomorrow) == f"{words.date_filter(tomorrow)}, {words.time_filter(tomorrow)}"
