"""pdf(): the packing slip of a parcel: who gets it, and what is in it. No price stands on it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.queries import address_lines
from orders.models import Order, Seller, Shipment
from orders.papers import layout, printing

TEMPLATE = Path(settings.BASE_DIR) / "templates" / "invoices" / "slip.typ"
Words = dict[str, Any]


def pdf(
    order: Order,
    pieces: Mapping[int, int],
    *,
    seller: Seller,
    parcel: Shipment | None = None,
    later: Mapping[int, int] | None = None,
) -> bytes:
    """So many pieces of these lines (by id), in the order's language; printing.NotRendered says why not.

    parcel: None while it has not left. later: what follows in another one.
    """
    on = timezone.localdate(parcel.shipped_at) if parcel else timezone.localdate()
    with translation.override(order.language):
        words = _words(order, pieces, seller, parcel, later or {}, on)
    return printing.printed(TEMPLATE, words, on=on, about=f"slip of {order.number}")


def filename(order: Order, parcel: Shipment | None) -> str:
    """What it is called on the reader's disk."""
    part = f"-{parcel.number}" if parcel else ""
    return f"packing-slip-{order.number}{part}.pdf".lower()


def _words(
    order: Order,
    pieces: Mapping[int, int],
    seller: Seller,
    parcel: Shipment | None,
    later: Mapping[int, int],
    on: date,
) -> Words:
    party = {
        name: getattr(seller, name) for name in ("name", "line1", "line2", "postcode", "city", "country")
    }
    lines = list(order.lines.all())
    return {
        "language": order.language.partition("-")[0],
        "region": order.language.partition("-")[2].upper(),
        "kind": _("Packing slip"),
        "label": order.number,
        "issued": [on.year, on.month, on.day],
        "shop": settings.SITE_NAME,
        "sender": " · ".join(layout.address(party, has_country=False)),
        "recipient": address_lines(order),
        "facts": [[name, text] for name, text in _facts(order, parcel, on) if text],
        "columns": [_("Item"), _("SKU"), _("Ordered"), _("In this parcel")],
        "lines": [
            [line.name, line.options, line.sku, str(line.quantity), str(pieces[line.pk])]
            for line in lines
            if pieces.get(line.pk)
        ],
        "total": [_("Pieces"), str(sum(pieces.values()))],
        "later": _later(lines, later),
        "missing": layout.missing(),
        "foot": [
            column
            for column in (
                layout.address(party),
                [text for text in (seller.email, seller.phone, seller.website) if text],
            )
            if column
        ],
        "page": _("Page %(number)s of %(count)s"),
    }


def _facts(order: Order, parcel: Shipment | None, on: date) -> Iterator[tuple[str, str]]:
    yield _("Order"), order.number
    yield _("Ordered on"), layout.day(timezone.localdate(order.placed_at))
    if parcel:
        yield _("Parcel"), str(parcel.number)
        yield _("Sent"), layout.day(on)
    yield _("Delivery"), order.delivery_name
    yield _("Carrier"), parcel.carrier if parcel else order.delivery_carrier
    yield _("Tracking code"), parcel.tracking_code if parcel else ""
    yield _("Phone"), order.phone


def _later(lines: Sequence[Any], later: Mapping[int, int]) -> Words | None:
    found = [
        f"{later[line.pk]} × {line.name}" + (f", {line.options}" if line.options else "")
        for line in lines
        if later.get(line.pk)
    ]
    return {"title": _("This follows in another parcel"), "lines": found} if found else None
