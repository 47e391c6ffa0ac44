"""A visitor who can be recognised, and the real shop behind the real edge, that they walk through."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.test import Client
from django.urls import get_resolver

from catalog.models import Product
from orders import links
from orders.placement import place_order
from tests.edge.varnish import SECRET, Edge, varnish
from tests.factories import make_user
from tests.journeys.shop import make_shop
from tests.orders.conftest import make_draft
from tests.shop.test_public_routes import ADDRESSES
from tests.test_architecture import routes

NAME, MAIL = "Canary Quill", "canary-quill@example.com"
PUBLIC = [
    *(address.replace("autumn-hills", "two-suns-over-cadiz") for address in ADDRESSES.values()),
    *("/gb/", "/gb/c/posters/", "/gb/p/two-suns-over-cadiz/", "/c/posters/?sort=price&page=1", "/p/none/"),
]


@dataclass(frozen=True)
class Visitor:
    """canaries: what nobody else may ever read. addresses: pages that are this visitor's."""

    headers: Mapping[str, str]
    canaries: tuple[str, ...]
    personal: tuple[str, ...]  # those that only pages of this visitor's show
    addresses: tuple[str, ...]

    def sings(self, body: bytes) -> list[str]:
        """The canaries in it."""
        return [canary for canary in self.canaries if canary.encode() in body]


@contextmanager
def behind(live_server: Any, store: bool = True) -> Iterator[Edge]:
    """The edge as we ship it, before the shop of this test."""
    changed = {"EDGE_BACKEND": "varnish", "EDGE_SECRET": SECRET, "PAGE_STORE": store, "ALLOWED_HOSTS": ["*"]}
    before = {name: getattr(settings, name) for name in changed}
    port = urlsplit(live_server.url).port
    assert port
    with varnish(port) as edge:
        changed["VARNISH_NODES"], before["VARNISH_NODES"] = [edge.url], settings.VARNISH_NODES
        for name, value in changed.items():
            setattr(settings, name, value)
        try:
            yield edge
        finally:
            for name, value in before.items():
                setattr(settings, name, value)


def visitor() -> Visitor:
    """A customer with a name, an address, a full cart, an order and a session, in a shop of their own."""
    suns: Product = make_shop()
    variant = suns.variants.order_by("pk")[0]
    ada = make_user(MAIL, name=NAME)
    order = place_order(make_draft((variant, 1), email=MAIL, customer_id=ada.pk))
    home = ada.addresses.create(
        name=NAME, line1="Canary Row 1", postcode="10117", city="Berlin", country="DE"
    )
    client = Client()
    client.force_login(ada)
    assert client.post("/cart/add/", {"product": suns.pk, "variant": variant.pk, "quantity": "1"}).cookies
    client.get("/account/")
    client.cookies["csrftoken"] = "canarycsrf" * 3 + "ab"
    jar = {name: cookie.value for name, cookie in client.cookies.items()}
    token = links.token(order)
    filled = {
        "<token>": token,
        "<int:address_id>": str(home.pk),
        "<slug:name>": "none",
        "<slug:code>": "stripe",
        "<path:slug>": "orders/confirmation",
    }
    personal = (NAME, MAIL, "Canary Row", order.number)
    return Visitor(
        headers={"Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())},
        personal=personal,
        canaries=(
            *(*personal, token, "csrfmiddlewaretoken"),
            *(jar[name] for name in ("sessionid", "cart", "csrftoken")),
        ),
        addresses=tuple(_filled(name, filled) for name in _private()),
    )


def _private() -> list[str]:
    found = routes(get_resolver().url_patterns)
    kinds = {name: getattr(pattern.callback, "page_kind", None) for name, pattern in found}
    return ["admin/", *(name for name, kind in kinds.items() if kind == "private" and name[-1] == "/")]


def _filled(name: str, values: Mapping[str, str]) -> str:
    for part, value in values.items():
        name = name.replace(part, value)
    assert "<" not in name, name
    return f"/{name}"
