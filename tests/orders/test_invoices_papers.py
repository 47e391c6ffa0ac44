"""The PDF: for archives and screen readers, with all that was written, kept, and made again if it is lost."""

import io
from pathlib import Path

import pytest
from django.core.files.storage import storages
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from orders import invoices, jobs, sellers
from orders.models import Invoice, InvoiceFile, Seller
from orders.papers import filing, layout, printing, signs
from tests.orders.specimens import ADDRESS, NONE, Sold, draft, paid

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _seller(db: None) -> None:
    Seller.objects.create(**sellers.DEMO)


@pytest.fixture(autouse=True)
def folder(settings: object, tmp_path: Path) -> Path:
    storages_ = settings.STORAGES  # type: ignore[attr-defined]
    private = {**storages_["private"], "OPTIONS": {**storages_["private"]["OPTIONS"], "location": tmp_path}}
    settings.STORAGES = {**storages_, "private": private}  # type: ignore[attr-defined]
    return tmp_path


def issued(*lines: Sold, **fields: object) -> Invoice:
    return invoices.issue(paid(draft(lines or [Sold()], **fields)))  # type: ignore[arg-type]


def read(pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf))


def text_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in read(pdf).pages).split())


def test_it_is_for_archives_and_for_screen_readers() -> None:
    invoice = issued()
    found = read(printing.pdf(invoice))
    root = found.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    words = root["/Metadata"].get_object().get_data().decode()
    for said in (
        "<pdfaid:part>3</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>",
        "<pdfuaid:part>1</pdfuaid:part>",
        ">EN 16931</fx:ConformanceLevel>",
        ">factur-x.xml</fx:DocumentFileName>",
        f"Invoice {invoice.label}",
    ):
        assert said in words
    assert words.count("<pdfaSchema:prefix>fx</pdfaSchema:prefix>") == 1


def test_its_fonts_are_the_shops_and_lie_within() -> None:
    fonts = {}
    for page in read(printing.pdf(issued())).pages:
        for font in page["/Resources"]["/Font"].values():
            kept = font["/DescendantFonts"][0]["/FontDescriptor"]
            fonts[font["/BaseFont"].partition("+")[2]] = "/FontFile3" in kept or "/FontFile2" in kept
    assert all(fonts.values())
    assert {name.partition("-")[0] for name in fonts} == {"HankenGrotesk", "SourceSerifPro"}


def test_it_says_all_of_the_order() -> None:
    invoice = issued(Sold(price="19.99", quantity=3, discount="6.01"), discounts=[("Summer", "SUMMER10")])
    text = text_of(printing.pdf(invoice))
    for words in (
        *(
            "Invoice",
            invoice.label,
            invoice.content["order"],
            "Ada Lovelace",
            "Unter den Linden 1",
            "Germany",
        ),
        *("Two suns over Cadiz", "30 × 40 cm, black ash", "€19.99", "€53.96", "Summer (SUMMER10)", "€58.86"),
        *("Deckle Papierwaren GmbH", "DE123456789", "HRB 000000 B", "Page 1 of 1", "Paid in full"),
    ):
        assert words in text, words


def test_the_same_invoice_is_the_same_bytes() -> None:
    invoice = issued()
    assert printing.pdf(invoice) == printing.pdf(Invoice.objects.get(pk=invoice.pk))


def test_an_order_of_twelve_lines_is_one_page_and_one_of_a_thousand_repeats_its_head() -> None:
    twelve = issued(*(Sold(f"Print {n}", discount="3.80") for n in range(12)), discounts=[("Sale", "")])
    assert len(read(printing.pdf(twelve)).pages) == 1
    many = issued(*(Sold(f"Print {n}") for n in range(printing.MANY + 1)))
    pages = [page.extract_text() for page in read(printing.pdf(many)).pages]
    assert len(pages) > 3
    for number, page in enumerate(pages[:-1], 1):
        assert "Quantity" in page
        assert f"Page {number} of {len(pages)}" in page
    assert many.label in pages[-1]


def test_a_long_paper_is_set_by_a_process_of_its_own_to_the_same_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    invoice = issued(Sold(), Sold("Book"))
    here = printing.pdf(invoice)
    monkeypatch.setattr(printing, "MANY", 1)
    assert printing.pdf(invoice) == here
    monkeypatch.setattr(printing, "TEMPLATE", Path("/nowhere/paper.typ"))
    with pytest.raises(printing.NotRendered):
        printing.pdf(invoice)


def test_a_language_writes_dates_and_amounts_its_own_way() -> None:
    invoice = issued(language="de")
    text = text_of(printing.pdf(invoice))
    assert "38,00 €" in text.replace("\xa0", " ")
    assert "Deutschland" in text
    assert read(printing.pdf(invoice)).trailer["/Root"]["/Lang"] == "de"


@pytest.mark.parametrize(
    "words", ["Šárka Žižková", "Δύο ήλιοι", "Два солнца", "שני שמשות", "شمسان", "ดวงอาทิตย์", "Sun ☀️ 👩‍🎨"]
)
def test_other_scripts_have_a_font(words: str) -> None:
    invoice = issued(Sold(words), address={**ADDRESS, "name": words})
    pdf = printing.pdf(invoice)
    assert signs.INSTEAD not in signs.clean(words)
    assert "A sign that this page cannot show" not in text_of(pdf)


def test_a_sign_that_no_font_has_is_shown_as_missing_and_the_page_says_so() -> None:
    text = text_of(printing.pdf(issued(Sold("中文 print"))))
    assert "▯▯ print" in text
    assert "A sign that this page cannot show stands as ▯" in text


def test_what_hides_or_turns_words_round_is_left_out() -> None:
    assert signs.clean("pay\u202e lla \u2066now\x00\n") == "pay lla now  "
    assert signs.clean({"name": ["\ue000"]}) == {"name": [signs.INSTEAD]}


@settings(max_examples=40, deadline=None)
@given(name=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40))
def test_no_name_keeps_an_invoice_from_being_made(name: str) -> None:
    order = paid(draft([Sold(name or " ", options=name)], address={"name": name[:120], "city": name}))
    assert printing.pdf(invoices.issue(order)).startswith(b"%PDF")


# --- Kept ------------------------------------------------------------------------------------------------


def test_the_job_makes_the_file_once_and_keeps_it_where_nobody_looks(folder: Path) -> None:
    invoice = issued()
    jobs.render_invoice(invoice.order_id)
    jobs.render_invoice(invoice.order_id)
    stored = InvoiceFile.objects.get()
    (path,) = folder.rglob("*.pdf")
    assert path == folder / stored.name
    assert stored.sha256[:32] in stored.name
    assert path.stat().st_mode & 0o077 == 0
    assert path.read_bytes() == filing.pdf(invoice)


def test_a_file_is_not_made_again_while_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    invoice = issued()
    first = filing.pdf(invoice)
    monkeypatch.setattr(printing, "pdf", lambda invoice: pytest.fail("made again"))
    assert filing.pdf(invoice) == first


@pytest.mark.parametrize("damage", ["lost", "changed"])
def test_a_file_that_is_lost_or_changed_is_made_again(folder: Path, damage: str) -> None:
    invoice = issued()
    first = filing.pdf(invoice)
    (path,) = folder.rglob("*.pdf")
    path.unlink() if damage == "lost" else path.write_bytes(first[:-1])
    assert filing.pdf(invoice) == first
    assert path.read_bytes() == first


def test_a_storage_that_takes_nothing_keeps_nobody_from_the_invoice(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object) -> str:
        raise OSError("no space left on device")

    monkeypatch.setattr(type(storages["private"]), "save", full)
    invoice = issued()
    assert filing.pdf(invoice).startswith(b"%PDF")
    assert not InvoiceFile.objects.exists()


def test_its_words_are_all_there_is() -> None:
    """Whatever the page shows stands in these words, so that a test of them is one of it."""
    words = layout.words(issued(delivery="0.00"))
    assert words["lines"][-1]["amount"] == "free"
    assert words["sums"] == []
    assert words["total"] == ["Total", "€38.00"]


@pytest.mark.parametrize(
    ("country", "region", "category"),
    [("ES", "TF", "G"), ("ES", "CE", "G"), ("NO", "", "G"), ("ES", "M", "Z"), ("DE", "", "Z")],
)
def test_what_leaves_the_unions_vat_is_an_export_and_the_canaries_are_outside_of_it(
    country: str, region: str, category: str
) -> None:
    invoice = issued(Sold(rate=NONE), delivery_rate=NONE, address={"country": country, "region": region})
    assert [row["category"] for row in invoice.content["taxes"]] == [category]
