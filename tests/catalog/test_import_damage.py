"""Magento's files as they arrive after accidents: errors by line, exit status 1, and every good row."""

import csv
import random
import zlib
from pathlib import Path

import pytest
from django.core.management.base import CommandError
from django.db import connection

from catalog import images
from catalog.models import Category, Image, Product, ProductValue, Stock, Variant
from tests.catalog.magento import PHOTOS, child, file, good, load, luma, parent, part, problems, text
from tests.factories import make_product, make_tax_class, picture_file

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _taxes() -> None:
    make_tax_class()


def photo(folder: Path, address: str, content: bytes | None = None) -> None:
    target = folder / PHOTOS / address
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(picture_file().read() if content is None else content)


def png(width: int, height: int) -> bytes:
    """A picture of so many pixels in a few bytes: nothing but zeros."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([1, 0, 0, 0, 0])
    packer = zlib.compressobj(9)
    line = bytes(1 + (width + 7) // 8)
    packed = b"".join(packer.compress(line * 1_000) for _ in range(height // 1_000)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"price": "-3"}, "negative"),
        ({"price": "1e400"}, "no price"),
        ({"price": "NaN"}, "no price"),
        ({"price": "1,299"}, "thousands or fractions"),
        ({"price": "9" * 14}, "absurd"),
        ({"price": ""}, "no price"),
        ({"special_price": "cheap"}, "no price"),
        ({"special_price": "3", "special_price_from_date": "someday"}, "no date"),
        (
            {"special_price_from_date": "2026-03-02", "special_price_to_date": "2026-02-02"},
            "ends before it begins",
        ),
        ({"qty": "many"}, "no number"),
        ({"qty": "9" * 12}, "absurd"),
        ({"sku": ""}, "no sku"),
        ({"sku": "x" * 65}, "more than 64"),
        ({"name": ""}, "no name"),
        ({"name": "x" * 201}, "more than 200"),
        ({"description": "x" * 10_000_000}, "10000000 characters"),
        ({"description": "a\0b"}, "NUL"),
        ({"categories": "/".join(f"L{n}" for n in range(200))}, "200 levels deep"),
        ({"categories": "Default Category/Men/Tops/Men"}, "below itself"),
        ({"categories": "Default Category/" + "x" * 121}, "more than 120"),
        ({"tax_class_name": "Luxury"}, "tax class “Luxury” is unknown"),
        ({"product_type": "configurable", "configurable_variations": ""}, "names no variants"),
        ({"product_type": "configurable", "configurable_variations": "size=S"}, "names no SKU"),
    ],
)
def test_a_bad_row_is_named_and_stops_no_other(tmp_path: Path, cells: dict[str, str], reason: str) -> None:
    path = file(tmp_path, good("FIRST"), {**good("BAD"), **cells}, good("LAST"))
    found = problems(path, folder=tmp_path)
    assert [line for line, _reason in found] == [3]
    assert reason in found[0][1]
    assert set(Variant.objects.values_list("sku", flat=True)) == {"FIRST", "LAST"}


def test_a_sku_counts_where_it_stands_first(tmp_path: Path) -> None:
    make_product("Old", sku="TAKEN")  # its variant is TAKEN-1
    path = file(tmp_path, good("A"), good("a", name="Again"), good("TAKEN-1"), good("B"))
    assert sorted(line for line, _reason in problems(path, folder=tmp_path)) == [3, 4]
    assert set(Product.objects.values_list("name", flat=True)) == {"Old", "Product A", "Product B"}


def test_rows_that_were_cut_are_named_and_swallow_no_other(tmp_path: Path) -> None:
    rows = text([good(f"S{n}", description=f'<p class="x">Fine,\n{n}</p>') for n in range(6)])
    lines = rows.splitlines(keepends=True)
    lines[3] = lines[3][:40] + "\n"  # within the first line of the second product
    path = tmp_path / "cut.csv"
    path.write_text("".join(lines)[:-60])  # and within the last one
    assert {line for line, _reason in problems(path, folder=tmp_path)} >= {4, 12}
    assert set(Variant.objects.values_list("sku", flat=True)) == {"S0", "S2", "S3", "S4"}


def test_a_row_cut_within_a_cell_takes_nothing_of_the_next_row(tmp_path: Path) -> None:
    lines = text([good(f"S{n}", description=f'<p class="x">{n}</p>') for n in range(3)]).splitlines()
    lines[1] = lines[1][: lines[1].index("<p") + 2]
    path = tmp_path / "cut.csv"
    path.write_text("\n".join(lines))
    assert [line for line, _reason in problems(path, folder=tmp_path)] == [2]
    assert set(Variant.objects.values_list("sku", flat=True)) == {"S1", "S2"}


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_every_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "products.csv"
    path.write_bytes(text([good("A", name="Café crème")]).encode(encoding))
    said = load(path)
    assert Product.objects.get().name == "Café crème"
    assert ("not UTF-8" in said) == (encoding == "latin-1")


def test_bytes_that_are_no_text_at_all_are_one_line(tmp_path: Path) -> None:
    noise = random.Random(4).randbytes(200_000)
    (tmp_path / "noise.csv").write_bytes(noise)
    (tmp_path / "line.csv").write_bytes(b'"' + b"x" * 200_000)
    (tmp_path / "empty.csv").write_bytes(b"")
    file(tmp_path, good("A"))
    problems(tmp_path, folder=tmp_path)
    assert Variant.objects.get().sku == "A"


def test_a_file_of_something_else_is_an_error_where_it_was_named_itself(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    assert "columns are not known" in problems(path, folder=tmp_path)[0][1]


def test_a_header_with_a_nul_is_read_without_it(tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    path.write_text("category,name,sku,price,qty,fab\0ric\nThings,A,A,5,1,Wool\n")
    load(path)
    assert ProductValue.objects.get().value.attribute.code == "fabric"


def test_there_is_one_line_for_a_path_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(CommandError, match="There is no"):
            load(path)


def test_no_cell_of_the_report_is_run_by_a_spreadsheet_and_text_stays_text(tmp_path: Path) -> None:
    formula = "=cmd|' /C calc'!A0"
    path = file(tmp_path, good("A", name=formula), good(formula, price="x"))
    problems(path, folder=tmp_path)
    assert Product.objects.get().name == formula
    with (tmp_path / "problems.table").open(newline="") as opened:
        assert not any(cell[:1] in "=+-@" for line in csv.reader(opened) for cell in line if cell)


def test_a_missing_variant_is_named_and_the_others_are_sold(tmp_path: Path) -> None:
    rows = [child("A-S", "S"), child("A-M", "M"), child("A-L", "L", price="oops")]
    path = file(tmp_path, rows[0], rows[2], parent("A", *rows))
    found = problems(path, folder=tmp_path)
    assert [(line, "A-M" in reason) for line, reason in found] == [(3, False), (4, True)]
    assert list(Variant.objects.values_list("sku", flat=True)) == ["A-S"]


def test_variants_alike_without_a_value_or_of_two_products_are_refused(tmp_path: Path) -> None:
    rows = [child("A-S", "S"), child("A-S2", "S"), child("A-M", "M")]
    bare = {**child("A-B", "XL"), "additional_attributes": "size=XL"}
    other = parent("B", rows[0], bare, child("NOT", "S"))
    path = file(tmp_path, *rows, bare, parent("A", *rows, bare), other)
    reasons = [reason for _line, reason in problems(path, folder=tmp_path)]
    assert len([reason for reason in reasons if "has no value for" in reason]) == 1
    assert set(Variant.objects.values_list("sku", flat=True)) == {"A-S", "A-M"}


def test_a_lost_configurable_keeps_its_variants_off_the_shelves(tmp_path: Path) -> None:
    rows = [child("A-S", "S"), child("A-M", "M")]
    path = file(tmp_path, *rows, parent("A", *rows, name=""), good("B"))
    assert [line for line, _reason in problems(path, folder=tmp_path)] == [4]
    assert list(Variant.objects.values_list("sku", flat=True)) == ["B"]


def test_categories_in_a_circle_or_below_nothing_are_named(tmp_path: Path) -> None:
    file(tmp_path, good("A", categories="Default Category/Men"))
    (tmp_path / "categories.csv").write_text(
        "name,url_key,path,active\nMen,men,,1\nA,a,B,1\nB,b,A,1\nLost,lost,Nowhere,1\nMen,men,Men,1\n"
        "Dup,men,Men,1\n"
    )
    assert sorted(line for line, _reason in problems(tmp_path, folder=tmp_path)) == [3, 4, 5, 6, 7]
    assert list(Category.objects.values_list("slug", flat=True)) == ["men"]


def test_bad_reviews_links_and_rates_are_named(tmp_path: Path) -> None:
    file(tmp_path, good("A"))
    (tmp_path / "reviews.csv").write_text("sku,rating_value,title,review,reviewer\nA,9,T,B,N\nA,5,,,N\n")
    (tmp_path / "related.csv").write_text("sku,linked_sku\nA,\n")
    (tmp_path / "rates.csv").write_text("code,country,rate\nx,XYZ,5\ny,DE,500\nz,FR,NaN\n")
    (tmp_path / "attributes.csv").write_text("attribute_code,frontend_label\n,Label\n")
    (tmp_path / "images.csv").write_text("sku,image\nNONE,/a.jpg\n")
    assert len(problems(tmp_path, folder=tmp_path)) == 8


@pytest.mark.parametrize(
    ("address", "content", "reason"),
    [
        ("/a/b/missing.jpg", None, "not in the folder"),
        ("/a/b/text.jpg", b"This is no picture.", "no picture that we know"),
        ("/a/b/cut.jpg", b"\xff\xd8\xff\xe0" + b"\0" * 500, "no picture|damaged"),
        ("/a/b/bomb.png", png(30_000, 30_000), "40 million pixels"),
        ("/a/b/bomb.png", png(12_000, 12_000), "40 million pixels"),
        ("/a/b/bomb.png", png(7_000, 7_000), "40 million pixels"),
        ("/a/b/large.jpg", b"x" * (10 * 1024 * 1024 + 1), "larger than 10 MB"),
        ("../../../../etc/passwd", None, "leads out"),
        ("/../../etc/passwd", None, "leads out"),
        ("..\\..\\secret.jpg", None, "leads out"),
        ("/a/" + "x" * 5_000, None, "not in the folder"),
    ],
)
def test_a_bad_picture_is_named_and_its_product_is_sold(
    tmp_path: Path, address: str, content: bytes | None, reason: str
) -> None:
    photo(tmp_path, "g/o/good.jpg")
    if content is not None:
        photo(tmp_path, address.lstrip("/"), content)
    path = file(tmp_path, good("A", base_image="/g/o/good.jpg", additional_images=address), good("B"))
    found = problems(path, folder=tmp_path)
    assert [line for line, _reason in found] == [2]
    assert any(part in found[0][1] for part in reason.split("|"))
    assert Product.objects.count() == 2
    assert Image.objects.count() == 1


def test_a_link_out_of_the_folder_of_pictures_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(picture_file().read())
    (tmp_path / "shop" / PHOTOS).mkdir(parents=True)
    (tmp_path / "shop" / PHOTOS / "out.jpg").symlink_to(secret)
    path = file(tmp_path / "shop", good("A", base_image="/out.jpg"))
    assert "not in the folder" in problems(path, folder=tmp_path)[0][1]
    assert not Image.objects.exists()


@luma
def test_a_luma_that_was_scratched_at_random_ends_in_order(tmp_path: Path) -> None:
    dice = random.Random(20)
    whole = bytearray(part(tmp_path, 8).joinpath("products.csv").read_bytes())
    for _ in range(40):
        place = dice.randrange(len(whole))
        whole[place : place + dice.randrange(30)] = dice.randbytes(dice.randrange(3))
    (tmp_path / "products.csv").write_bytes(whole)
    problems(tmp_path, folder=tmp_path)
    assert Variant.objects.count() > 20


def test_a_batch_that_the_database_refuses_costs_only_what_is_bad(
    tmp_path: Path,
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE catalog_product ADD CONSTRAINT no_b CHECK (name <> 'Product B')")
    (tmp_path / "products.csv").write_text(
        text(good(sku, additional_attributes=f"for={sku}") for sku in "ABC")
    )
    table = tmp_path / "errors.table"
    with pytest.raises(CommandError, match=r"1 error\. All else was kept: mend what is named above"):
        load(tmp_path, errors=table)
    assert "The database refuses it" in table.read_text()
    assert set(Variant.objects.values_list("sku", flat=True)) == {"A", "C"}
    assert Stock.objects.count() == 2


def test_a_disk_that_refuses_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_given: object) -> str:
        raise OSError(28, "No space left on device")

    photo(tmp_path, "a.jpg")
    path = file(tmp_path, good("A", base_image="/a.jpg"))
    monkeypatch.setattr(images, "store", full)
    with pytest.raises(CommandError, match=r"run it again: .*No space left"):
        load(path)
    assert not Product.objects.exists()
    monkeypatch.undo()
    with pytest.raises(CommandError, match="run it again"):
        load(path, errors=tmp_path / "no" / "folder" / "errors.csv")
