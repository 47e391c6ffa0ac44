"""`make demo` as a stranger types it: it opens, sells, closes without a trace, and forgets nothing."""

import http.cookiejar
import os
import re
import signal
import time
import urllib.request
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.journeys.clones import cloned, free_port, running, typed

ADDRESS = {
    "email": "ada@example.com",
    "name": "Ada Lovelace",
    "line1": "Unter den Linden 1",
    "postcode": "10117",
    "city": "Berlin",
    "country": "DE",
}
MERCHANT = {"username": "merchant@deckle.test", "password": "paper-and-ink", "next": "/admin/orders/order/"}


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Path]:
    with cloned(tmp_path / "clone", reset="demo-reset") as clone:
        yield clone


class Demo:
    """One run of `make demo`, and a visitor."""

    def __init__(self, clone: Path, cookies: http.cookiejar.CookieJar) -> None:
        self.port = free_port()
        self.visitor = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(cookies))
        closes = "Ctrl-C closes it"
        self.process, self.said = typed(clone, "demo", f"PORT={self.port}", until=closes)
        assert closes in self.said, self.said

    def fetch(self, path: str, form: dict[str, str] | None = None) -> str:
        """A page that answers 200, or the one that a form leads to."""
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}")
        if form is not None:
            asked.data = urlencode(form).encode()
            asked.add_header("Sec-Fetch-Site", "same-origin")
        with self.visitor.open(asked, timeout=20) as answer:
            return str(answer.read().decode())

    def order(self) -> str:
        """As a guest, with what lies in the cart; the order's number."""
        self.fetch("/checkout/address/", ADDRESS)
        method = re.search(r'name="method"\s+value="(\d+)"', self.fetch("/checkout/delivery/"))
        assert method
        review = self.fetch("/checkout/delivery/", {"method": method[1]})
        digest = re.search(r'name="digest" value="([^"]+)"', review)
        assert digest
        placed = self.fetch("/checkout/review/", {"digest": unescape(digest[1]), "payment": "pays"})
        number = re.search(r"\bD\d{5}\b", placed)
        assert number, placed
        assert "Thank you" in placed
        return number[0]

    def eventually(self, path: str, text: str) -> bool:
        """Does the page say so before long? Workers have begun only after the shop opened."""
        until = time.monotonic() + 60
        while text not in self.fetch(path):
            if time.monotonic() > until:
                return False
            time.sleep(0.5)
        return True

    def close(self) -> str:
        """Ctrl-C: the terminal tells everyone in the foreground. The rest of what it said."""
        os.killpg(self.process.pid, signal.SIGINT)
        return str(self.process.communicate(timeout=30)[0])


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="no /proc to see processes in")
def test_a_stranger_opens_the_demo_buys_and_closes_it_and_finds_it_as_it_was(clone: Path) -> None:
    cookies = http.cookiejar.CookieJar()
    demo = Demo(clone, cookies)
    try:
        for line in (
            f"Shop   http://127.0.0.1:{demo.port}\n",
            f"Admin  http://127.0.0.1:{demo.port}/admin/\n",
        ):
            assert line in demo.said
        link = re.search(r'href="(/p/[^"?#]+/)"', demo.fetch("/"))
        assert link
        product = demo.fetch(link[1])
        name = re.search(r"<h1[^>]*>\s*(.+?)\s*</h1>", product)
        assert name
        assert 'name="password"' in demo.fetch("/admin/login/")
        form = dict(re.findall(r'name="(product|variant)" value="(\d+)"', product))
        form |= dict(re.findall(r'type="radio" name="(\w+)" value="([^"]+)" checked', product))
        assert name[1] in demo.fetch("/cart/add/", {**form, "quantity": "1"})
        number = demo.order()
        assert demo.eventually("/dev/mail/", number)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', demo.fetch("/admin/login/"))
        assert token
        merchant = {**MERCHANT, "csrfmiddlewaretoken": token[1]}
        assert number in demo.fetch("/admin/login/", merchant)
        assert name[1] in demo.fetch("/cart/add/", {**form, "quantity": "1"})
        while_open = "\n".join(running(clone).values())
        for program in ("postgres", "redis-server", "gunicorn", "relay", "rqworker normal"):
            assert program in while_open
    finally:
        told = demo.close()
    assert "Closed." in told
    assert "Traceback" not in demo.said + told
    assert running(clone) == {}

    demo = Demo(clone, cookies)
    try:
        assert "Migrating" not in demo.said
        assert name[1] in demo.fetch("/cart/")
    finally:
        demo.close()
    assert running(clone) == {}
