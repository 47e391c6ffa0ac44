"""What an invoice says, frozen: plain values that JSON holds, names and amounts as they were then."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import BigIntegerField
from django.forms.models import model_to_dict
from django.utils import timezone, translation

from accounts.queries import address_lines
from orders.models import Invoice, Order, OrderLine, Seller
from orders.papers import shares
from orders.papers.shares import DELIVERY, Part
from shop import places, territories
from shop.prepared import Param, Prepared, hold

VERSION = 1
Content = dict[str, Any]
BUYER = ("name", "company", "line1", "line2", "postcode", "city", "region", "country")


_LINES = Prepared(lambda: OrderLine.objects.filter(order=Param("order", BigIntegerField())).order_by("pk"))


def of_order(order: Order, seller: Seller) -> Content:
    """Everything that the order's invoice says, but its number and date."""
    lines: list[OrderLine] = _LINES.rows(order=order.pk)
    hold(order, "lines", lines)
    charged = [(str(line.pk), line.tax_rate, line.total - line.discount) for line in lines]
    charged.append((DELIVERY, order.delivery_tax_rate, order.delivery))
    parts = {
        part.key: part
        for part in shares.split(charged, order.taxes, order.currency, includes_tax=order.prices_include_tax)
    }
    said = _head(order, seller)
    category = _categories(order, seller)
    said["lines"] = [_line(line, parts[str(line.pk)], category) for line in lines]
    said["delivery"] = {
        "name": order.delivery_name,
        "carrier": order.delivery_carrier,
        "charged": _text(order.delivery),
        **_taxed(parts[DELIVERY], category),
    }
    said["taxes"] = taxes(parts.values(), category)
    said["discounts"] = list(order.discounts)
    said |= {name: _text(getattr(order, name)) for name in ("subtotal", "discount", "tax", "total")}
    said["net"] = _text(order.total - order.tax)
    return said


def of_credit(
    invoice: Invoice, parts: Sequence[Part], quantities: Mapping[str, int], *, is_by_line: bool, reason: str
) -> Content:
    """What a credit note says. parts: what of each is credited; quantities: how many of which line come back.

    Not by line: a row for each rate, since nothing in particular was given back.
    """
    told: Content = invoice.content
    category = {Decimal(row["rate"]): row["category"] for row in told["taxes"]}
    said = {name: told[name] for name in _SAME}
    by_key = {part.key: part for part in parts}
    bringing = by_key.get(DELIVERY)
    said["lines"] = (
        [
            _credited(line, by_key[line["id"]], quantities.get(line["id"], 0), told, category)
            for line in told["lines"]
            if line["id"] in by_key
        ]
        if is_by_line
        else _by_rate(parts, told, category)
    )
    is_brought = is_by_line and bringing is not None
    said["delivery"] = (
        {
            "name": told["delivery"]["name"],
            "carrier": told["delivery"]["carrier"],
            "charged": _charged(bringing, told),
            **_taxed(bringing, category),
        }
        if is_brought and bringing
        else None
    )
    net, tax = (sum((getattr(part, name) for part in parts), Decimal(0)) for name in ("net", "tax"))
    said |= {
        "taxes": taxes(parts, category),
        "discounts": [],
        "subtotal": _text(sum((Decimal(line["full"]) for line in said["lines"]), Decimal(0))),
        "discount": _text(sum((Decimal(line["discount"]) for line in said["lines"]), Decimal(0))),
        "net": _text(net),
        "tax": _text(tax),
        "total": _text(net + tax),
        "corrects": {"label": invoice.label, "issued_on": invoice.issued_on.isoformat()},
        "reason": reason,
        "parts": [
            {
                "key": part.key,
                "net": _text(part.net),
                "tax": _text(part.tax),
                "quantity": quantities.get(part.key, 0),
            }
            for part in parts
        ],
    }
    return said


_SAME = (
    *("version", "language", "market", "currency", "prices_include_tax", "seller", "buyer", "notes"),
    *("order", "ordered_on", "paid_on", "promised_from", "promised_until"),
)


def parts_of(told: Content) -> list[Part]:
    """The parts of an invoice as it was issued."""
    rows = [(line["id"], line) for line in told["lines"]] + [(DELIVERY, told["delivery"])]
    return [Part(key, Decimal(row["rate"]), *_amounts(row)) for key, row in rows]


def taxes(parts: Iterable[Part], category: Mapping[Decimal, str]) -> list[dict[str, str]]:
    """The VAT table: each rate's net and tax, the highest rate first."""
    sums: dict[Decimal, list[Decimal]] = {}
    for part in parts:
        if part.key == DELIVERY and not part.gross:
            continue  # what costs nothing is not supplied at a rate
        row = sums.setdefault(part.rate, [Decimal(0), Decimal(0)])
        row[0] += part.net
        row[1] += part.tax
    return [
        {"rate": str(rate), "category": category[rate], "net": _text(net), "tax": _text(tax)}
        for rate, (net, tax) in sorted(sums.items(), reverse=True)
    ]


def _head(order: Order, seller: Seller) -> Content:
    moments = {"ordered_on": order.placed_at, "paid_on": order.paid_at}
    days = {name: getattr(order, name) for name in ("promised_from", "promised_until")}
    is_reversed = order.is_reverse_charged and not _is_intra_community(order, seller)
    return {
        "version": VERSION,
        "language": order.language,
        "market": order.market,
        "currency": order.currency,
        "prices_include_tax": order.prices_include_tax,
        "seller": model_to_dict(seller, exclude=("id", "market", "prefix")),
        "buyer": _buyer(order),
        "order": order.number,
        **{name: timezone.localdate(at).isoformat() if at else None for name, at in moments.items()},
        **{name: day.isoformat() if day else None for name, day in days.items()},
        "notes": ["reverse_charge"] if is_reversed else [],
    }


def _buyer(order: Order) -> Content:
    """Part by part for programs, and in the lines that are written on a parcel."""
    with translation.override(order.language):
        lines = address_lines(order)
    parts = {name: getattr(order, name) for name in BUYER}
    return {**parts, "email": order.email, "vat_number": order.vat_number, "lines": lines}


def _categories(order: Order, seller: Seller) -> dict[Decimal, str]:
    """By rate the category of EN 16931; supplies to businesses abroad and exports have their own."""
    rates = {line.tax_rate for line in order.lines.all()} | {order.delivery_tax_rate}
    zero = "Z"
    if _is_intra_community(order, seller):
        zero = "K"
    elif order.is_reverse_charged:
        zero = "AE"
    elif seller.country in places.EU and _is_outside(order):
        zero = "G"
    return {rate: "S" if rate else zero for rate in rates}


def _is_outside(order: Order) -> bool:
    """Of the Union's VAT: goods that go to the Canaries are an export like those that go to Norway."""
    return not territories.member(order.country, order.region, order.postcode)


def _is_intra_community(order: Order, seller: Seller) -> bool:
    """Goods that a business in another member state gets from one: a supply free of tax, for which the
    buyer accounts as an acquisition. A seller elsewhere (a market's own) leaves it at a reverse charge."""
    member = territories.member(order.country, order.region, order.postcode)
    return order.is_reverse_charged and seller.country in places.EU and member not in {"", seller.country}


def _line(line: OrderLine, part: Part, category: Mapping[Decimal, str]) -> Content:
    return {
        "id": str(line.pk),
        "name": line.name,
        "options": line.options,
        "sku": line.sku,
        "quantity": line.quantity,
        "unit": _text(line.unit_price),
        "full": _text(line.total),
        "discount": _text(line.discount),
        "charged": _text(line.total - line.discount),
        **_taxed(part, category),
    }


def _credited(
    line: Content, part: Part, quantity: int, told: Content, category: Mapping[Decimal, str]
) -> Content:
    """Its pieces at their price, less what of it does not go back: their discount, or more than that.

    Without pieces, or with more than they cost, there is an amount alone.
    """
    charged = _charged(part, told)
    less = Decimal(line["unit"]) * quantity - Decimal(charged)
    is_priced = quantity > 0 and less >= 0
    return {
        **{name: line[name] for name in ("id", "name", "options", "sku")},
        "quantity": quantity,
        "unit": line["unit"] if is_priced else None,
        "full": _text(Decimal(charged) + less) if is_priced else charged,
        "discount": _text(less) if is_priced else "0.00",
        "charged": charged,
        **_taxed(part, category),
    }


def _by_rate(parts: Sequence[Part], told: Content, category: Mapping[Decimal, str]) -> list[Content]:
    return [
        {
            **dict.fromkeys(("id", "name", "options", "sku"), ""),
            "quantity": 0,
            "unit": None,
            "full": (charged := _charged(Part("", Decimal(row["rate"]), *_amounts(row)), told)),
            "discount": "0.00",
            "charged": charged,
            **row,
        }
        for row in taxes(parts, category)
    ]


def _amounts(row: Mapping[str, str]) -> tuple[Decimal, Decimal]:
    return Decimal(row["net"]), Decimal(row["tax"])


def _charged(part: Part, told: Content) -> str:
    """In the terms in which the order has its prices."""
    return _text(part.gross if told["prices_include_tax"] else part.net)


def _taxed(part: Part, category: Mapping[Decimal, str]) -> dict[str, str]:
    return {
        "rate": str(part.rate),
        "category": category[part.rate],
        "net": _text(part.net),
        "tax": _text(part.tax),
    }


def _text(amount: Decimal) -> str:
    return str(amount.quantize(Decimal("0.01")))
