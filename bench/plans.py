"""make bench-plans: how the database answers the pages and the desk at 100,000 products, as docs/plans.md.

Each page is asked for twice; of the second time every statement that takes a while is explained.
"""

import json
import re
import sys
import time
from collections.abc import Callable
from typing import Any

import django
from django.db import connection
from django.test import Client
from tqdm import tqdm

from bench import place

PRODUCTS = 100_000
WORTH_EXPLAINING = 10.0  # ms
FILE = place.CLONE / "docs" / "plans.md"
PUBLIC = {
    "Home": "/",
    "A category of 30,000": "/c/posters/",
    "… by size and frame": "/c/posters/?frame=oak&size=50x70",
    "… by price": "/c/posters/?max=60",
    "A category of 5,000 by colour": "/c/dotted/?colour=blue",
    "On sale": "/search/?sale=1",
    "A search": "/search/?q=night",
    "A product": "/p/{slug}/",
}
DESK = {
    "The desk's products": "/admin/catalog/product/",
    "… searched": "/admin/catalog/product/?q=fern",
    "… sold out": "/admin/catalog/product/?state=out",
    "… one of them": "/admin/catalog/product/{pk}/change/",
}
HEAD = """# Plans

What the database does for a page, at {products:,} products ({cards:,} cards), written by
`make bench-plans`. Times are of one run on a machine with other work: compare them with each other.
A statement under {least:g} ms is counted, not shown; of a plan only the steps are kept that say how rows
are found.
"""
FOUND = re.compile(r"(Scan|ProjectSet|Sort Key|Group Key|Index Cond|Filter:|Join|Aggregate|Limit|CTE)")


def main() -> None:
    """Writes the file; one line of JSON for scripts."""
    with place.shop(PRODUCTS):
        django.setup()
        from catalog.models import Card, Product  # noqa: PLC0415 (after django.setup)

        product = Product.objects.order_by("-popularity", "pk")[0]
        pages = {**PUBLIC, **DESK}
        parts = [HEAD.format(products=PRODUCTS, cards=Card.objects.count(), least=WORTH_EXPLAINING)]
        spent = {}
        for name, path in tqdm(pages.items(), "Pages", file=sys.stderr, leave=False):
            text, spent[name] = explained(name, path.format(slug=product.slug, pk=product.pk))
            parts.append(text)
        FILE.write_text("\n".join(parts))
    sys.stdout.write(json.dumps({"bench": "plans", "unit": "ms of the database", "pages": spent}) + "\n")


def explained(name: str, path: str) -> tuple[str, float]:
    """A section of the file, and the milliseconds that the page's statements take together."""
    client = Client(SERVER_NAME="127.0.0.1")
    if path.startswith("/admin/"):
        from accounts.models import User  # noqa: PLC0415 (after django.setup)

        client.force_login(User.objects.filter(is_staff=True).order_by("pk")[0])
    client.get(path)
    asked: list[tuple[str, Any, float]] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        began = time.perf_counter()
        found = execute(sql, params, many, context)
        asked.append((sql, params, (time.perf_counter() - began) * 1000))
        return found

    with connection.execute_wrapper(note):
        client.get(path)
    total = sum(spent for _sql, _params, spent in asked)
    lines = [f"## {name}: `{path}`", "", f"{len(asked)} statements, {total:.0f} ms together.", ""]
    for sql, params, spent in asked:
        if spent >= WORTH_EXPLAINING and re.match(r"\s*(SELECT|WITH|\()", sql):
            lines += [f"{spent:.1f} ms:", "", "```", *plan(sql, params), "```", ""]
    return "\n".join(lines), round(total, 1)


def plan(sql: str, params: Any) -> list[str]:
    """How it is done, without costs."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (COSTS OFF) {sql}", params)
        steps = [row[0] for row in cursor.fetchall()]
    return [step.replace('"', "")[:110] for step in steps if FOUND.search(step)]


if __name__ == "__main__":
    main()
