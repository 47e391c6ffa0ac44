"""release(): what pages are made of beside data (code, templates, texts, static files), as a digest."""

from functools import cache
from hashlib import blake2b
from pathlib import Path

from django.conf import settings

FOLDERS = ("shop", "accounts", "catalog", "orders", "checkout", "templates", "static")
KINDS = frozenset({".py", ".html", ".css", ".js", ".svg", ".mo", ".po", ".toml", ".woff2", ".xml", ".txt"})


@cache
def release() -> str:
    """RELEASE as the deployment names it; else made from the files, alike on every node that has the same."""
    if settings.RELEASE:
        return str(settings.RELEASE)
    digest = blake2b(digest_size=8)
    root = Path(settings.BASE_DIR)
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in KINDS and path.is_file():
                digest.update(f"{path.relative_to(root)} ".encode())
                digest.update(path.read_bytes())
    # The address and the name of the shop, where and when it sells, stand in its pages.
    named = (settings.SITE_URL, settings.SITE_NAME, settings.SITE_SLOGAN, settings.SITE_PROMISES)
    shown = (settings.MARKETS, settings.CARDS_PER_PAGE, settings.DEMO, settings.TIME_ZONE)
    digest.update(repr((*named, *shown)).encode())
    return digest.hexdigest()
