"""Pictures of a product: which one its page opens on, and which one goes with a choice."""

import json
import re

import pytest
from playwright.sync_api import Page

from catalog.models import Card, Image, Product, Stock
from tests.catalog.conftest import Look, Seen
from tests.factories import follow_changes, make_image, make_product, make_review, make_value

pytestmark = pytest.mark.django_db
SIZES, FRAMES = ["30 × 40 cm", "50 × 70 cm"], ["No frame", "Oak", "Black ash"]


@pytest.fixture
def suns() -> Product:
    suns = make_product("Two suns", price=["38", "67", "67"] * 2, options={"size": SIZES, "frame": FRAMES})
    follow_changes()
    return suns


@pytest.fixture
def pictures(suns: Product) -> dict[str, Image]:
    """Framed in black, on a wall, the sheet, in oak: as the demo has them."""
    shown = {
        "black": {"frame": "black-ash"},
        "wall": {},
        "sheet": {"frame": "no-frame"},
        "oak": {"frame": "oak"},
    }
    return {
        name: make_image(suns, position=place, shows=shows)
        for place, (name, shows) in enumerate(shown.items())
    }


def order(page: Seen, pictures: dict[str, Image]) -> list[str]:
    names = {image.pk: name for name, image in pictures.items()}
    return [names[one["id"]] for one in page["pictures"]]


def undrawn(image: Image) -> None:
    Image.objects.filter(pk=image.pk).update(renditions={})


def test_the_page_opens_on_the_picture_that_the_card_showed(
    look: Look, suns: Product, pictures: dict[str, Image]
) -> None:
    page = look("/p/two-suns/")
    assert order(page, pictures) == ["black", "wall", "sheet", "oak"]
    undrawn(pictures["black"])
    follow_changes()
    page = look("/p/two-suns/")
    assert order(page, pictures) == ["wall", "black", "sheet", "oak"]
    assert page["pictures"][0]["picture"]["src"] == Card.objects.get(market="eu").picture["src"]


def test_the_choice_that_stands_is_what_the_first_picture_shows(
    look: Look, suns: Product, pictures: dict[str, Image]
) -> None:
    assert look("/p/two-suns/")["variant"]["options_label"] == f"{SIZES[0]}, Black ash"
    large = make_value("size", SIZES[1]).slug
    assert look("/p/two-suns/", size=large)["variant"]["options_label"] == f"{SIZES[1]}, Black ash"
    assert look("/p/two-suns/", frame="oak")["variant"]["options_label"] == f"{SIZES[0]}, Oak"
    for black in suns.variants.filter(options__value__slug="black-ash"):
        Stock.objects.filter(variant=black).update(on_hand=0)
    follow_changes()
    assert look("/p/two-suns/")["variant"]["options_label"] == f"{SIZES[0]}, No frame"


def test_thumbnails_keep_their_order_whatever_is_chosen(
    look: Look, suns: Product, pictures: dict[str, Image]
) -> None:
    def thumbnails(**asked: str) -> list[str]:
        return re.findall(
            r'gallery__thumb" href="#picture-(\d+)" (aria-current)?', look("/p/two-suns/", **asked).html
        )

    def said(current: str) -> list[tuple[str, str]]:
        return [
            (str(image.pk), "aria-current" if name == current else "") for name, image in pictures.items()
        ]

    assert thumbnails() == said("black")
    assert thumbnails(frame="oak") == said("oak")


def test_where_no_picture_is_made_yet_it_opens_on_the_place_of_the_first(
    look: Look, suns: Product, pictures: dict[str, Image]
) -> None:
    Image.objects.update(renditions={})
    assert order(look("/p/two-suns/"), pictures)[0] == "black"
    assert order(look("/p/two-suns/", frame="oak"), pictures)[0] == "black"


def test_an_address_that_chooses_an_option_opens_on_its_picture(
    look: Look, suns: Product, pictures: dict[str, Image]
) -> None:
    assert order(look("/p/two-suns/", frame="oak"), pictures) == ["oak", "black", "wall", "sheet"]
    assert order(look("/p/two-suns/", frame="no-frame"), pictures)[0] == "sheet"


def test_an_option_that_no_picture_shows_leaves_the_first(
    look: Look, suns: Product, pictures: dict[str, Image]
) -> None:
    """The frame that a size brings with it was not asked for."""
    assert order(look("/p/two-suns/", size=make_value("size", SIZES[1]).slug), pictures)[0] == "black"
    assert order(look("/p/two-suns/", frame="gold"), pictures)[0] == "black"
    assert order(look("/p/two-suns/", stars="5"), pictures)[0] == "black"


def test_a_choice_never_opens_on_a_picture_that_is_not_made(
    look: Look, suns: Product, pictures: dict[str, Image]
) -> None:
    undrawn(pictures["oak"])
    assert order(look("/p/two-suns/", frame="oak"), pictures)[0] == "black"
    pictures["second oak"] = make_image(suns, position=9, shows={"frame": "oak"})
    assert order(look("/p/two-suns/", frame="oak"), pictures)[0] == "second oak"


def test_the_picture_that_shows_most_of_the_choice_wins(
    look: Look, suns: Product, pictures: dict[str, Image]
) -> None:
    large = make_value("size", SIZES[1]).slug
    pictures["large oak"] = make_image(suns, position=8, shows={"frame": "oak", "size": large})
    assert order(look("/p/two-suns/", frame="oak", size=large), pictures)[0] == "large oak"
    assert order(look("/p/two-suns/", frame="oak"), pictures)[0] == "oak"
    pictures["this one"] = make_image(suns, position=9, variant=suns.variants.get(position=4))
    assert order(look("/p/two-suns/", frame="oak", size=large), pictures)[0] == "this one"


def test_the_script_knows_the_picture_of_each_variant(
    look: Look, suns: Product, pictures: dict[str, Image]
) -> None:
    undrawn(pictures["sheet"])
    page = look("/p/two-suns/")
    shown = {one["label"]: one["picture"] for one in json.loads(page["variants_json"])}
    assert {label: shown[f"{SIZES[0]}, {label}"] for label in FRAMES} == {
        "No frame": None,
        "Oak": pictures["oak"].pk,
        "Black ash": pictures["black"].pk,
    }
    assert f'id="picture-{pictures["oak"].pk}"' in page.html


def test_a_picture_without_words_says_what_it_is_of(look: Look, suns: Product) -> None:
    make_image(suns, alt="")
    assert look("/p/two-suns/")["pictures"][0]["picture"]["alt"] == "Two suns"


@pytest.mark.django_db(transaction=True)
def test_choosing_in_the_page_shows_the_picture_and_keeps_the_rest_of_the_address(page: Page) -> None:
    item = make_product("Two suns", price=["38", "67"], options={"frame": FRAMES[:2]})
    make_image(item, position=0)
    oak = make_image(item, position=1, shows={"frame": "oak"})
    for number in range(11):
        make_review(item, 5, title=f"Five {number}")
    follow_changes()
    page.goto("/p/two-suns/?stars=5&reviews=2")
    page.get_by_text("Oak", exact=True).first.click()
    page.wait_for_url("**/p/two-suns/?frame=oak&stars=5&reviews=2")
    page.wait_for_function(
        """id => {
            const [slide, stage] = [document.getElementById(id), document.querySelector(".gallery__stage")];
            return Math.abs(slide.getBoundingClientRect().left - stage.getBoundingClientRect().left) < 2;
        }""",
        arg=f"picture-{oak.pk}",
    )
    page.get_by_role("link", name="Newer reviews").click()
    page.wait_for_url("**/p/two-suns/?frame=oak&stars=5#reviews")
    assert page.locator("[data-buy-button]").inner_text() == "Add to cart · €67"


def test_the_price_beside_a_dearer_choice_is_the_one_that_the_card_named(
    look: Look, suns: Product, pictures: dict[str, Image]
) -> None:
    def others(**asked: str) -> tuple[str, str]:
        found = re.search(r'data-others-from="([\d.]+)" (hidden)?>', look("/p/two-suns/", **asked).html)
        assert found
        return found[1], found[2] or ""

    follow_changes()
    assert others() == (str(Card.objects.get(market="eu").price), "")
    assert others(frame="no-frame") == ("38.00", "hidden")
