"""An import that was killed, whenever that was, is finished by the next run as if nothing had happened."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import Any

import pytest
from django.db import connection

from catalog.importing import load as loading
from catalog.models import (
    Category,
    Image,
    Listing,
    Page,
    Price,
    Product,
    ProductLink,
    ProductValue,
    Review,
    Sale,
    Stock,
    StockMovement,
    TaxRate,
    Variant,
    VariantOption,
)
from shop.changes.models import Change
from tests import servers
from tests.catalog.magento import PHOTOS, child, file, load, parent, text
from tests.factories import make_tax_class, picture_file

Nursery = subprocess.Popen[str]
GOODS, BATCH = 150, 5
REVIEW = {
    "nickname": "Ann",
    "title": "Fine",
    "review": "It is fine.",
    "rating_value": "5",
    "rating_code": "Rating",
}
PAGE = {"identifier": "about", "title": "About", "content": "<p>Who we are.</p>", "is_active": "1"}
RATE = {"code": "x", "country": "AT", "state": "*", "zip/post code": "*", "rate": "20.0000"}


def state() -> dict[str, list[Any]]:
    """Everything that an import writes, without ids and moments."""
    tree = {
        c.pk: "/".join(sorted(Category.objects.get_ancestors(c).values_list("slug", flat=True)))
        for c in Category.objects.all()
    }
    queries = {
        "products": Product.objects.values_list("external_id", "slug", "name", "description", "is_published"),
        "variants": Variant.objects.values_list("external_id", "product__external_id", "sku", "position"),
        "options": VariantOption.objects.values_list("variant__sku", "value__slug", "position"),
        "values": ProductValue.objects.values_list("product__slug", "value__slug", "value__position"),
        "prices": Price.objects.values_list("variant__sku", "amount", "sale_amount"),
        "sales": Sale.objects.values_list("price__variant__sku", "amount", "ends_at", "is_imported"),
        "pages": Page.objects.values_list("slug", "title", "body", "position", "is_published"),
        "rates": TaxRate.objects.values_list("tax_class__code", "country", "rate"),
        "stock": Stock.objects.values_list("variant__sku", "on_hand", "is_tracked"),
        "movements": StockMovement.objects.values_list("variant__sku", "kind", "on_hand_change"),
        "listings": Listing.objects.values_list("product__slug", "category__slug", "is_primary"),
        "images": Image.objects.values_list("product__slug", "original", "source", "position", "alt"),
        "links": ProductLink.objects.values_list("product__slug", "other__slug", "kind", "position"),
        "reviews": Review.objects.values_list("external_id", "product__slug", "rating", "body"),
    }
    rows: dict[str, list[Any]] = {name: sorted(query.order_by()) for name, query in queries.items()}
    rows["tree"] = sorted((slug, tree[pk]) for pk, slug in Category.objects.values_list("pk", "slug"))
    return rows


def clear() -> None:
    for kind in (
        Image,
        ProductLink,
        Review,
        Listing,
        ProductValue,
        VariantOption,
        Sale,
        Price,
        Page,
        StockMovement,
        Stock,
    ):
        kind.objects.all().delete()
    TaxRate.objects.filter(country__in=("AT", "FR")).delete()
    Variant.objects.all().delete()
    Product.objects.all().delete()
    Category.objects.all().delete()


def files(folder: Path) -> Path:
    """150 goods, 70 of them with two pictures; variants, sales, links, reviews, a page and tax rates."""
    rows: list[dict[str, str]] = []
    for n in range(GOODS):
        sale = {"special_price": "7", "special_price_to_date": "2031-01-02"} if n % 3 == 0 else {}
        shown = {"base_image": f"/{n}.png", "additional_images": f"/{n}-b.png"} if n < 70 else {}
        small, large = child(f"T{n}-S", "S", **sale), child(f"T{n}-L", "L")
        related = {"related_skus": f"T{(n * 7 + 1) % GOODS}", "categories": f"Root/A {n % 5}/B {n % 11}"}
        related["additional_attributes"] = f"material=Cloth {n % 3}"
        rows += [parent(f"T{n}", small, large, **shown, **related), small, large]
    (folder / PHOTOS).mkdir(parents=True)
    for n in range(70):
        for name, colour in ((f"{n}.png", f"#{n:02x}1a1c"), (f"{n}-b.png", f"#1a{n:02x}1c")):
            (folder / PHOTOS / name).write_bytes(picture_file(300, 400, "PNG", colour).read())
    file(folder, *rows)
    reviews = [{"sku": f"T{n}", **REVIEW} for n in range(0, GOODS, 4)]
    (folder / "reviews.csv").write_text(text(reviews, reviews[0]))
    (folder / "pages.csv").write_text(text([PAGE], PAGE))
    (folder / "rates.csv").write_text(text([{**RATE, "country": code} for code in ("AT", "FR")], RATE))
    return folder


@pytest.fixture
def media(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("media")
    settings.MEDIA_ROOT = folder
    return folder


def stored(media: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in media.rglob("*.png")}


@pytest.fixture
def nursery(tmp_path: Path, media: Path) -> Iterator[Nursery]:
    """Where imports begin that are going to be killed."""
    environment = {
        **os.environ,
        "DATABASE_URL": servers.database_url(connection.settings_dict["NAME"]),
        "MEDIA_ROOT": str(media),
    }
    command = [sys.executable, "-m", "tests.catalog.dying", str(tmp_path), str(BATCH)]
    with subprocess.Popen(
        command, env=environment, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, text=True, bufsize=1
    ) as process:
        yield process
        assert process.stdin
        process.stdin.close()


def killed(nursery: Nursery, after: Callable[[], object] | None = None, *, where: str = "") -> None:
    """Imports in a process that dies once `after` has come back, or by itself `where` it is told to."""
    assert nursery.stdin
    assert nursery.stdout
    nursery.stdin.write(f"{where}\n")
    pid = int(nursery.stdout.readline())
    if after:
        try:
            after()
        finally:
            os.kill(pid, signal.SIGKILL)
    assert int(nursery.stdout.readline()) == -signal.SIGKILL


def more_than(count: int) -> None:
    """Comes back once there are more products than that."""
    end = time.monotonic() + 30
    while Product.objects.count() <= count:
        assert time.monotonic() < end, "the import stands still"
        time.sleep(0.002)


@pytest.mark.django_db(transaction=True)
def test_killed_ten_times_and_run_again_it_comes_to_the_same(
    tmp_path: Path, media: Path, nursery: Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_tax_class()
    monkeypatch.setattr(loading, "BATCH", BATCH)
    folder = files(tmp_path)
    began = time.monotonic()
    load(folder)
    a_batch = (time.monotonic() - began) / (GOODS / BATCH)
    whole, pictures = state(), stored(media)
    assert [len(whole[name]) for name in ("products", "images", "sales")] == [GOODS, 140, GOODS // 3]
    assert all(whole.values())
    clear()
    shutil.rmtree(media / "originals")

    # One dies between the rows of a batch and their stock, the last behind the last of the goods.
    killed(nursery, where="before the stock")
    assert not Product.objects.exists()
    left = [0]
    for _time in range(8):
        # Counted in batches: seconds of the first import say little about a machine that is less busy now.
        before, wait = left[-1] + BATCH * random.randint(0, 1), random.uniform(0, a_batch)
        killed(nursery, lambda before=before, wait=wait: (more_than(before), time.sleep(wait)))  # type: ignore[misc]
        left.append(Product.objects.count())
    assert left == sorted(set(left)), "each has come further"
    assert 0 < left[1] < left[-1] < GOODS, left
    killed(nursery, where="behind the goods")
    assert (Product.objects.count(), Page.objects.count()) == (GOODS, 0)

    load(folder)
    assert state() == whole, left
    assert stored(media) == pictures
    Change.objects.all().delete()
    assert f"{GOODS} unchanged" in load(folder)
    assert not Change.objects.exists()
