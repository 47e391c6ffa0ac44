"""Icecat's files name no kinds: titles do, and attributes where they do not; and what is worth a row."""

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from catalog.importing.icecat import files, kinds, titles, values
from catalog.importing.icecat.items import Item
from catalog.importing.icecat.names import Names, code
from catalog.importing.records import Place, Reading
from catalog.models import Attribute, AttributeValue, Product, ProductValue
from tests.catalog.icecat import cartridges, item, keyboards, load, records, write
from tests.factories import make_tax_class

pytestmark = pytest.mark.django_db
EACH = int(os.environ.get("ICECAT_EACH", "25"))  # of the real data, every so manieth; 1 reads all of it


def read(told: dict[str, Any]) -> Item:
    return Item.read(told, Place("1.json", 1))


def kind(folder: Path, *others: Any, title: str, **told: Any) -> str:
    """What an item is beside eight cartridges, six keyboards and these."""
    odd = {"short_description": "", "supplier": "Other", "name": "Z1", **told}
    goods = [*cartridges(), *keyboards(), *others, item(1, title, **odd)]
    return records(folder, *goods)["1"].kind


@pytest.mark.parametrize(
    ("title", "phrase"),
    [
        ("Acme X1 toner cartridge Original Black 6 pc(s)", "toner cartridge"),
        ("Acme X1 USB cable 2 m USB A Grey", "USB cable"),
        ("Acme X1 MP3/MP4 player 4 GB", "MP3/MP4 player"),
        ("Acme X1 kids' art/craft kit", "kids' art/craft kit"),
        ("Acme X1 uninterruptible power supply (UPS) 500 VA", "uninterruptible power supply"),
        ("Acme X1 power adapter/inverter indoor Black", "power adapter/inverter"),
        ("Acme X1 Original magenta", ""),
        ("Acme X1 Notebook Black", "?Notebook"),
        ("Acme X1 2.5 m cable", ""),
        ("Acme X1", ""),
    ],
)
def test_what_follows_the_model_is_the_kind_up_to_the_features(title: str, phrase: str) -> None:
    one = read(item(1, title, attr_t_type="Original", attr_t_colour="Magenta", attr_b_indoor=True))
    assert titles.leading(titles.after_model(one) or "", titles.features(one)) == phrase


def test_a_title_without_its_model_says_nothing_behind_it() -> None:
    assert titles.after_model(read(item(1, "Acme toner cartridge", name="X1"))) is None


@pytest.mark.parametrize(
    ("word", "one"),
    [("labels", "label"), ("batteries", "battery"), ("lens", "lens"), ("bus", "bus"), ("series", "series")],
)
def test_plurals_are_the_same_kind(word: str, one: str) -> None:
    assert titles.singular(word) == one


@pytest.mark.parametrize(
    ("text", "head"),
    [
        ("Black Toner Cartridge for Printer 400", "Black Toner Cartridge"),
        ("Cat.5e Patch Cable, 20 m", "Cat.5e Patch Cable"),
        ("Patch Cable (RJ45 M/M) - Blue", "Patch Cable"),
        ("toner. Equivalent to X", "toner"),
        ("Wi-Fi router w/ antenna", "Wi-Fi router"),
        ("ink 10 pc(s)", "ink 10 pc(s)"),
    ],
)
def test_what_a_thing_is_for_is_not_what_it_is(text: str, head: str) -> None:
    assert titles.head(text) == head


def test_a_kind_that_the_title_does_not_name_is_told_by_the_attributes(tmp_path: Path) -> None:
    told = {
        "attr_t_type": "Original",
        "attr_t_printing_colours": "Cyan",
        "attr_t_print_technology": "Laser printing",
        "attr_n_black_toner_page_yield": 2000.0,
    }
    assert kind(tmp_path, title="Other Z1 Original Cyan 1 pc(s)", **told) == "Toner cartridge"
    assert kind(tmp_path, title="Other Z1 Cyan") == ""  # nothing tells it


def test_what_is_said_at_the_end_of_a_name_counts_more_than_likeness(tmp_path: Path) -> None:
    """A keyboard for a printer is no cartridge, however it is described."""
    title = "Other Black toner keyboard Z1"
    assert kind(tmp_path, title=title, attr_t_print_technology="Laser printing") == "Keyboard"


def test_a_technology_denies_kinds_of_another_one(tmp_path: Path) -> None:
    """However much else it is like them."""
    printers = [
        item(n, f"{brand} Stylus P{n} inkjet printer A4", name=f"P{n}", supplier=brand, **told)
        for n, brand in enumerate(["Acme", "Bolt"] * 4, 400)
        for told in [{"attr_t_print_technology": "Inkjet", "attr_t_paper": "A4", "short_description": ""}]
    ]
    told = {"title": "Other Stylus Z1 A4", "attr_t_paper": "A4"}
    assert kind(tmp_path, *printers, **told, attr_t_print_technology="Inkjet") == "Inkjet printer"
    assert kind(tmp_path, *printers, **told, attr_t_print_technology="Laser printing") != "Inkjet printer"


def test_a_phrase_that_ends_many_names_is_a_kind(tmp_path: Path) -> None:
    """Where two brands have it; and of one that is part of a longer one the more common."""
    clients = [
        item(n, f"{b} {n}W Thin Client", name=f"{n}W", supplier=b, short_description=f"Number {n}")
        for n, b in enumerate(["Acme", "Bolt", "Acme", "Bolt"], 500)
    ]
    lonely = [
        item(n, f"Solo Fancy {n}S Paw Patrol", name=f"{n}S", supplier="Solo", short_description=f"Number {n}")
        for n in range(600, 604)
    ]
    found = records(tmp_path, *cartridges(), *clients, *lonely)
    assert {found[str(n)].kind for n in range(500, 504)} == {"Thin client"}
    assert {found[str(n)].kind for n in range(600, 604)} == {""}


def test_a_type_that_icecat_tells_is_the_kind_if_the_title_says_it_too(tmp_path: Path) -> None:
    """Icecat's "System" or "1" stand in no title."""
    told = [
        item(n, f"Acme D{n} Black PC Linux", name=f"D{n}", short_description="", attr_t_product_type=what)
        for n, what in enumerate(["PC", "PC", "PC", "1", "1", "1"], 700)
    ]
    found = records(tmp_path, *told)
    assert [found[str(n)].kind for n in range(700, 703)] == ["PC"] * 3
    assert "1" not in {record.kind for record in found.values()}


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("attr_t_operating_temperature__t_t_", "Operating temperature (T-T)"),
        ("attr_n_thermal_design_power__tdp_", "Thermal design power (TDP)"),
        ("attr_n_vga__d_sub__ports_quantity", "VGA (D-Sub) ports quantity"),
        ("attr_b_wi_fi", "Wi-Fi"),
        ("attr_b_cartridge_s__included", "Cartridge(s) included"),
        ("attr_t_connector_s_", "Connector(s)"),
        ("attr_n_usb_2_0_ports_quantity", "USB 2.0 ports quantity"),
        ("attr_n_number_of_2_5__bays", 'Number of 2.5" bays'),
        ("attr_b_intel__turbo_boost_technology", "Intel turbo boost technology"),
        ("attr_t_speed___slot_width", "Speed / slot width"),
        ("attr_t_print_speed__black__best_quality_", "Print speed (black, best quality)"),
        ("attr_t_product_colour", "Colour"),
        ("attr_t_dimensions__wxdxh_", "Dimensions (W x D x H)"),
    ],
)
def test_attributes_are_called_as_the_files_texts_would_write_them(key: str, name: str) -> None:
    text = "Intel router USB Wi-Fi D-Sub VGA TDP"
    names = Names([read(item(n, f"Intel {n} {text}", supplier="Intel")) for n in range(3)])
    assert names.name(key) == name


def test_codes_are_short_and_never_the_same() -> None:
    long = "attr_n_number_of_pallets_per_intermodal_container__{}ft_"
    codes = [code(long.format(n)) for n in (20, 40)]
    assert len(set(codes)) == 2
    assert all(len(one) <= 33 for one in codes)
    assert code("attr_t_size") == code("attr_n_size") == "size"  # words and numbers of one attribute
    assert code("attr_t_product_colour") == "colour"


@pytest.mark.parametrize(
    ("value", "labels"),
    [
        (3.0, ["3"]),
        (2.66, ["2.66"]),
        (float("nan"), []),
        ("Black,Blue", ["Black", "Blue"]),
        ("1,500 pages", ["1,500 pages"]),
        ("EN 1, EN 2", ["EN 1, EN 2"]),
        ("<b>Flat</b> &amp; thin\\nlight", ["Flat & thin light"]),
        ("N", []),
        (False, []),
        (True, []),
    ],
)
def test_values_become_labels(value: Any, labels: list[str]) -> None:
    assert values.labels(value) == labels


def test_what_a_product_has_is_a_value_of_features_and_what_it_lacks_is_nothing(tmp_path: Path) -> None:
    load(write(tmp_path, *keyboards()))
    found = ProductValue.objects.filter(value__attribute__code="features")
    assert set(found.values_list("value__label", flat=True)) == {"Wireless"}
    assert found.count() == 3
    description = Product.objects.get(external_id="icecat:200").description
    assert '<th scope="row">Features</th><td>Wireless</td>' in description
    assert "Wireless" not in Product.objects.get(external_id="icecat:201").description


def test_filters_tell_the_goods_of_a_kind_apart(tmp_path: Path) -> None:
    load(write(tmp_path, *cartridges(), *keyboards()))
    facets = set(Attribute.objects.filter(is_facet=True).values_list("name", flat=True))
    assert {"Printing colours", "Keyboard layout", "Features", "Brand"} <= facets
    assert "Type" not in facets  # all cartridges are originals
    assert Attribute.objects.get(code="type").values.count() == 1


def test_what_hardly_anybody_says_is_no_row_but_stands_in_its_description(tmp_path: Path) -> None:
    odd = item(1, "Acme X1 toner cartridge", attr_t_flavour="Cherry", attr_t_type="x" * 121)
    other = item(2, "Acme X2 toner cartridge", name="X2", attr_t_flavour="Cherry")
    trade = {"attr_n_pallet_weight": 9000.0, "attr_t_package_type": "Box", "attr_n_last_change": 639.0}
    load(write(tmp_path, *cartridges(**trade), odd, other))
    assert not Attribute.objects.filter(code__in=["flavour", "pallet-weight", "package-type"]).exists()
    assert not AttributeValue.objects.filter(label__startswith="xx").exists()
    description = Product.objects.get(external_id="icecat:1").description
    assert '<th scope="row">Flavour</th><td>Cherry</td>' in description
    assert "x" * 121 in description
    assert "9000" not in Product.objects.get(external_id="icecat:100").description


def test_what_most_products_have_stands_first_among_the_filters(tmp_path: Path) -> None:
    load(write(tmp_path, *cartridges(12), *keyboards(6)))
    order = list(Attribute.objects.exclude(code="brand").order_by("position").values_list("code", flat=True))
    assert order.index("printing-colours") < order.index("keyboard-layout")


@pytest.fixture(autouse=True)
def _taxes() -> None:
    make_tax_class()


@pytest.fixture(scope="module")
def real(shared: Path) -> list[Item]:
    folder = shared / "data" / "chorus-icecat"
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    reading = Reading()
    found = list(files.items([folder], reading))
    assert len(found) == 19_406
    assert not reading.problems
    return found[::EACH]


def test_most_of_the_real_goods_have_a_kind(real: list[Item]) -> None:
    """Of all of them 88 % have one; a part of them says less about the kinds that are rare."""
    found = kinds.find(real)
    common = Counter(found.values())
    assert len(found) > (0.85 if EACH == 1 else 0.6) * len(real)
    assert {"Toner cartridge", "Ink cartridge", "Networking cable", "Processor"} <= common.keys()
    assert all(name[:1] == name[:1].upper() and len(name) <= 80 for name in common)
    wrong = {"Black", "Cyan", "Original", "Pro", "Cable M/M", "Gray", "9th gen"}
    assert not wrong & common.keys()


def test_real_goods_come_in_whole(real: list[Item], tmp_path: Path, shared: Path) -> None:
    part = real if EACH == 1 else real[::10]
    names = {one.id for one in part}
    told = _raw(shared, names)
    load(write(tmp_path, *told))
    assert Product.objects.count() == len(part)
    assert "0 changed" in load(write(tmp_path, *told))
    assert not Product.objects.exclude(description__startswith="<table>").exclude(description="").exists()


def _raw(shared: Path, wanted: set[str]) -> list[dict[str, Any]]:
    """The objects as they stand in the files."""
    reading = Reading()
    folder = shared / "data" / "chorus-icecat"
    arrays = [a for path in files._files([folder]) for a in files._arrays(path, reading)]
    objects = (one for name, text in arrays for one in files._objects(name, text, reading))
    return [one for one in objects if isinstance(one, dict) and one["id"] in wanted]
