"""A shop to measure: a database of its own for each size in `.bench/`, kept for the next time."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from shop import embedded

CLONE = Path(__file__).resolve().parent.parent
HOME = CLONE / ".bench"
PORT = 8099
MANAGE = (sys.executable, str(CLONE / "manage.py"))
COUNT = "from catalog.models import Product; print(Product.objects.count())"


@contextlib.contextmanager
def shop(products: int | None = None) -> Iterator[Path]:
    """The demo's goods and generated ones up to `products`; its folder. The settings go into os.environ."""
    home = HOME / (str(products) if products else "demo")
    with embedded.services(home) as urls:
        os.environ.update(embedded.environment(home, urls, PORT))
        os.environ |= {
            "DATABASE_URL": str(urls.database),
            "REDIS_URL": str(urls.redis),
            "STATIC_ROOT": str(HOME / "static"),
            "MEDIA_ROOT": str(home / "media"),
            "STATEMENT_TIMEOUT_MS": "0",
            "CARDS_PER_PAGE": "40",
            "DJANGO_SETTINGS_MODULE": "shop.settings",
        }
        manage("migrate", "-v0")
        manage("collectstatic", "--noinput", "-v0")
        manage("load_demo", "--all-pictures")  # generated goods share them
        if products:
            _grow(products)
        yield home


@contextlib.contextmanager
def database(name: str) -> Iterator[Path]:
    """A migrated database of its own under that name, without goods; its folder. Django may be set up."""
    home = HOME / name
    with embedded.services(home) as urls:
        os.environ.update(embedded.environment(home, urls))
        os.environ |= {
            "DATABASE_URL": str(urls.database),
            "REDIS_URL": str(urls.redis),
            "STATEMENT_TIMEOUT_MS": "0",
            "DJANGO_SETTINGS_MODULE": "shop.settings",
        }
        manage("migrate", "-v0")
        yield home


def manage(*command: str) -> None:
    """Runs one of the shop's commands; what it prints goes to standard error."""
    subprocess.run([*MANAGE, *command], check=True, stdout=sys.stderr)


def _grow(products: int) -> None:
    """Generates goods until there are that many."""
    answer = subprocess.run(
        [*MANAGE, "shell", "-v0", "-c", COUNT], check=True, capture_output=True, text=True
    )
    missing = products - int(answer.stdout)
    if missing > 0:
        manage("generate_catalog", "--products", str(missing))
