"""What goods are called by: attributes, values, codes, and the pictures that name what they show."""

import pytest

from catalog import on_attribute
from catalog.models import Attribute, AttributeValue, Image, Variant, VariantOption
from tests.catalog.edits import Do, Edit, Edits, change, pictures, sql, thing, variant
from tests.catalog.edits import do as do
from tests.catalog.edits import purged as purged
from tests.catalog.edits import shop as shop
from tests.factories import make_image, make_value

pytestmark = pytest.mark.django_db(transaction=True)

PATHS = (
    "/",
    "/c/wall/",
    "/c/desk/",
    *(f"/c/wall/?{query}" for query in ("size=a3", "size=a4", "size=large", "format=a3", "paper=a3")),
    *(f"/c/wall/?{query}" for query in ("colour=red", "colour=blue", "paper=red", "paper=matt")),
    "/search/?q=thing",
    "/search/?q=thing&size=a3",
    "/search/suggest/?q=thing",
    "/search/suggest/?q=red",
    *(f"/p/thing-{number}/" for number in range(4)),
    *(f"/p/thing-{number}/?size=a3" for number in range(3)),
    *(f"/p/thing-1/?{query}" for query in ("size=large", "format=a3", "paper=a3")),
    *("/gb/c/wall/?size=a3", "/gb/c/wall/?colour=red", "/gb/p/thing-1/?size=a3", "/gb/search/?q=thing"),
)


def attribute(code: str, /, **fields: object) -> None:
    Attribute.objects.filter(code=code).update(**fields)


def value(slug: str, /, **fields: object) -> None:
    AttributeValue.objects.filter(slug=slug).update(**fields)


def to(code: str, slug: str) -> None:
    """By hand: no form moves a value to another attribute."""
    sql(
        "UPDATE catalog_attributevalue SET attribute_id ="
        f" (SELECT id FROM catalog_attribute WHERE code = '{code}') WHERE slug = '{slug}'"
    )()


def shows(picture: int, words: object) -> None:
    Image.objects.filter(pk=pictures(2)[picture].pk).update(shows=words)


def change_picture(number: int, *, variant_of: int | None = None, place: int = 0) -> Edit:
    def edit() -> None:
        of = None if variant_of is None else variant(variant_of, place)
        Image.objects.filter(pk=pictures(number)[1].pk).update(variant=of)

    return edit


def another_a3() -> None:
    make_value("size", "A3 again")
    value("a3-again", slug="a3")


def codes() -> None:
    """Both are found by the word that their names have, neither letter by letter."""
    for number, sku in ((1, "tHing"), (2, "thinG")):
        Variant.objects.filter(pk=variant(number).pk).update(sku=sku)


def edits() -> Edits:
    """What to do, in this order: each begins with what the one before has left."""
    return {
        "a picture that shows a size": lambda: make_image(thing(2), position=1, shows={"size": "a4"}),
        "it shows another": lambda: shows(1, {"size": "a3"}),
        "and nothing": lambda: shows(1, {}),
        "it shows a variant": change_picture(2, variant_of=2),
        "and another variant": change_picture(2, variant_of=2, place=1),
        "and the product": change_picture(2),
        "it goes": lambda: pictures(2)[1].delete(),
        "a variant's picture goes to another product": lambda: Image.objects.filter(
            pk=pictures(0)[1].pk
        ).update(product=thing(3), variant=variant(3, 1)),
        "the address of a size that a picture shows": lambda: value("a3", slug="large"),
        "its old address is another's": another_a3,
        "and not any more": lambda: AttributeValue.objects.filter(slug="a3").delete(),
        "its address as before": lambda: change(AttributeValue.objects.get(slug="large"), slug="a3")(),
        "the code of an attribute that pictures name": lambda: attribute("size", code="format"),
        "and as before": lambda: change(Attribute.objects.get(code="format"), code="size")(),
        "a size is another attribute's": lambda: to("paper", "a3"),
        "and the size's again": lambda: to("size", "a3"),
        "a colour is another attribute's": lambda: to("paper", "red"),
        "and the colour's again": lambda: to("colour", "red"),
        "a value that only a picture names goes": lambda: AttributeValue.objects.filter(slug="matt").delete(),
        "it comes again": lambda: make_value("paper", "Matt"),
        "its attribute goes": lambda: Attribute.objects.filter(code="paper").delete(),
        "an attribute of that code comes": lambda: make_value("paper", "Matt"),
        "a value's colour": lambda: value("a4", swatch="#b93a1c"),
        "an attribute's kind": lambda: attribute("size", kind=Attribute.Kind.SWATCH),
        "an attribute's place": lambda: attribute("colour", position=5),
        "a value's place": lambda: value("a4", position=5),
        "an option's value": lambda: VariantOption.objects.filter(variant=variant(1, 1)).update(
            value=make_value("size", "A2")
        ),
        "SKUs": codes,
        "a SKU in other letters": lambda: change(variant(1), sku="THING")(),
        "a barcode": lambda: change(variant(3), barcode="thing")(),
        "an attribute is no filter": lambda: attribute("size", is_facet=False),
    }


def test_every_page_that_another_word_changes_is_purged(do: Do) -> None:
    outcome = do(edits(), PATHS)
    assert outcome.stale == {}
    assert outcome.wrong == []
    assert outcome.idle == []
    assert outcome.purged / outcome.changed < 1.6  # most pages are filtered lists, of the same goods


def test_pictures_that_nobody_asks_leave_cards_wrong(do: Do, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test of the test: a card has ids, the picture words."""
    monkeypatch.setattr(on_attribute, "_telling", lambda codes: Image.objects.none())
    monkeypatch.setattr(on_attribute, "_showing", lambda rows: [])
    wanted = ("the address of a size that a picture shows", "the code of an attribute that pictures name")
    assert do({name: edits()[name] for name in wanted}, PATHS).wrong
