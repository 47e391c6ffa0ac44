"""An import that was killed, whenever that was, is finished by the next run as if nothing had happened."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connection

from catalog.models import (
    Category,
    Image,
    Listing,
    Price,
    Product,
    ProductLink,
    ProductValue,
    Review,
    Stock,
    StockMovement,
    Variant,
    VariantOption,
)
from shop.changes.models import Change
from tests import servers
from tests.catalog.magento import load, luma, part
from tests.factories import make_tax_class

AMID = (
    "import os, signal; from catalog import pricing;"
    " pricing.apply_sales = lambda _ids: os.kill(os.getpid(), signal.SIGKILL);"
)


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
        Price,
        StockMovement,
        Stock,
    ):
        kind.objects.all().delete()
    Variant.objects.all().delete()
    Product.objects.all().delete()
    Category.objects.all().delete()


def killed(folder: Path, environment: dict[str, str], prelude: str, wait: float) -> int:
    """Imports in a process that dies after so many seconds, if not before; how many products are left."""
    program = (
        f"import django; django.setup(); {prelude}"
        " from django.core.management import call_command as call;"
        f" print('begun', flush=True); call('import_catalog', 'magento', {str(folder)!r})"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"begun\n"
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(wait)
        process.send_signal(signal.SIGKILL)
    return Product.objects.count()


@luma
@pytest.mark.django_db(transaction=True)
def test_killed_at_any_moment_and_run_again_it_comes_to_the_same(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, settings: Any
) -> None:
    make_tax_class()
    media = settings.MEDIA_ROOT = tmp_path_factory.mktemp("media")
    part(tmp_path, 70, pictured=6)
    began = time.monotonic()
    load(tmp_path)
    took = time.monotonic() - began
    whole = state()
    stored = {path.name: path.read_bytes() for path in media.rglob("*.jpg")}
    assert (len(whole["products"]), len(whole["images"]) > 12) == (70, True)
    clear()
    for name in stored:
        default_storage.delete(f"originals/{name}")
    environment = {
        **os.environ,
        "DATABASE_URL": servers.database_url(connection.settings_dict["NAME"]),
        "MEDIA_ROOT": str(media),
    }
    # The first dies between the rows of a batch and their stock: nothing of it may be left.
    assert killed(tmp_path, environment, AMID, wait=30) == 0
    left = [killed(tmp_path, environment, "", wait=random.uniform(0.1, 0.9) * took) for _ in range(3)]
    load(tmp_path)
    assert state() == whole, left
    assert {path.name: path.read_bytes() for path in media.rglob("*.jpg")} == stored
    Change.objects.all().delete()
    assert "70 unchanged" in load(tmp_path)
    assert not Change.objects.exists()
