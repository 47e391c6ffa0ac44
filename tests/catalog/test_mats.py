"""A cut-out lies on a mat that CSS paints; what has no picture has a drawn place."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

from catalog.admin.thumbnail import thumbnail
from catalog.models import Image, Mat
from catalog.queries.blocks import EMPTY
from checkout.queries import NO_PICTURE
from shop.jinja.parts import picture

CSS = Path(settings.BASE_DIR) / "static" / "css"
SHOWN = {
    "alt": "Two suns",
    "width": 1920,
    "height": 2400,
    "src": "/media/a/960.jpg",
    "srcset": {"webp": "/media/a/960.webp 960w", "jpeg": "/media/a/960.jpg 960w"},
    "mat": "sage",
}


def drawn(html: str) -> str:
    """The name of the drawing that stands for a picture."""
    return re.findall(r"places[^#]*\.svg#(\w+)", html)[0]


def luminance(colour: str) -> float:
    """As WCAG measures it."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("mat", Mat.values)
def test_every_mat_is_light_by_day_and_dark_by_night(mat: str) -> None:
    tokens = (CSS / "tokens.css").read_text()
    pages = re.findall(r"--paper: light-dark\((#\w+), (#\w+)\)", tokens)[0]
    day, night = re.findall(rf"--mat-{mat}: light-dark\((#\w+), (#\w+)\)", tokens)[0]
    assert luminance(day) > 0.7
    # Lighter than the page and not black: it takes a shadow.
    assert luminance(pages[1]) < luminance(night) < 0.03
    block = (CSS / "blocks" / "picture.css").read_text()
    assert re.search(rf"\.picture--{mat} {{\s+background: var\(--mat-{mat}\);", block)


def test_no_picture_is_dimmed_at_night() -> None:
    assert [path.name for path in CSS.rglob("*.css") if "brightness(" in path.read_text()] == []


def test_a_cut_out_lies_on_its_mat_and_an_opaque_picture_on_none() -> None:
    assert '<picture class="picture picture--sage wide">' in picture(SHOWN, "50vw", css="wide")
    assert '<picture class="picture">' in picture({**SHOWN, "mat": ""}, "50vw")
    before = {key: value for key, value in SHOWN.items() if key != "mat"}  # copied into an order long ago
    assert '<picture class="picture">' in picture(before, "50vw")


def test_a_cut_out_of_another_shape_than_a_card_is_shown_whole() -> None:
    assert "picture--whole" not in picture(SHOWN, "50vw")
    assert "picture--whole" in picture({**SHOWN, "width": 2400}, "50vw")
    assert "picture--whole" not in picture({**SHOWN, "width": 2400, "mat": ""}, "50vw")


def test_a_photograph_before_white_takes_the_colour_of_its_mat() -> None:
    around, cut_off = {**SHOWN, "width": 2400, "white": "all"}, {**SHOWN, "width": 2400, "white": "most"}
    assert 'class="picture picture--sage picture--blend picture--whole"' in picture(around, "50vw")
    assert 'class="picture picture--sage picture--blend"' in picture(cut_off, "50vw")
    assert "picture--blend" not in picture(SHOWN, "50vw")


@pytest.mark.parametrize("mat", Mat.values)
def test_at_night_the_ground_of_such_a_photograph_is_grey_and_lets_it_be_seen(mat: str) -> None:
    tokens = (CSS / "tokens.css").read_text()
    day, night = re.findall(rf"--card-{mat}: light-dark\((#\w+), (#\w+)\)", tokens)[0]
    assert luminance(day) > 0.8
    assert 0.5 < luminance(night) < 0.6
    block = (CSS / "blocks" / "picture.css").read_text()
    assert re.search(rf"\.picture--blend\.picture--{mat} {{\s+background: var\(--card-{mat}\);", block)


@pytest.mark.parametrize("empty", [EMPTY, NO_PICTURE, {"alt": ""}])
def test_what_has_no_picture_has_a_drawn_place(empty: dict[str, Any]) -> None:
    html = picture(empty, "50vw")
    assert drawn(html) == "place"
    assert 'role="img" aria-label="No picture yet"' in html
    assert 'aria-label="No picture yet: A &amp; B"' in picture({**empty, "alt": "A & B"}, "50vw")


def test_a_picture_that_is_being_made_says_so_and_keeps_its_mat() -> None:
    html = picture(Image(alt="Two suns", width=1920, height=2400, mat="plum").picture, "50vw")
    assert drawn(html) == "begun"
    assert 'class="picture picture--plum picture--none"' in html
    assert 'role="img" aria-label="On its way: Two suns"' in html


def test_the_desk_draws_the_same() -> None:
    assert drawn(thumbnail(None)) == drawn(thumbnail(EMPTY)) == "place"
    assert drawn(thumbnail({})) == drawn(thumbnail({**SHOWN, "src": None, "srcset": {}})) == "begun"
    assert 'src="/media/a/960.webp"' in thumbnail(SHOWN)
    assert 'alt=""' in thumbnail(SHOWN)


def test_the_drawings_are_there() -> None:
    places = Path(str(finders.find("img/places.svg"))).read_text()
    assert all(f'<symbol id="{name}" viewBox="0 0 80 100">' in places for name in ("place", "begun"))


@pytest.mark.parametrize(
    ("chosen", "made_with", "expected"),
    [
        ("", "sand", "sand"),
        ("plum", "sand", "plum"),
        ("plum", "", ""),  # opaque: it covers whatever lies there
        ("plum", None, "plum"),  # not made yet
        ("", None, ""),
    ],
)
def test_the_merchants_mat_wins_where_anything_shines_through(
    chosen: str, made_with: str | None, expected: str
) -> None:
    renditions = {} if made_with is None else {"mat": made_with}
    assert Image(mat=chosen, renditions=renditions).picture["mat"] == expected
