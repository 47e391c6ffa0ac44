"""What pages and mails show of orders: finished values, nothing joined from the catalogue."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.queries import address_lines
from catalog.queries import pictures
from catalog.queries.pictures import Picture
from orders import following, links
from orders.models import Invoice, Order, OrderEvent, OrderLine, Payment
from orders.models.order import FIRST_NUMBER
from shop.jinja import words
from shop.money import Money

FRESH = timedelta(hours=1)
ORDERS_PER_PAGE = 10
PICTURES = 4  # of an order in the list
UNHEARD = timedelta(minutes=10)  # who has not paid by then, nor been declined, gets the link by mail
FORGOTTEN = timedelta(days=1)

# What the buyer reads: of money that is held we say that it is looked at; a surplus is back at the bank.
SAID_AS: dict[str, str] = {
    Payment.Status.HELD: "pending",
    Payment.Status.AUTHORIZED: "pending",
    Payment.Status.SURPLUS: "sent_back",
}
ENDED = frozenset({Order.Status.CANCELLED, Order.Status.EXPIRED})
MONEY_STATES = ("succeeded", "pending", "begun", "sent_back", "declined")

Shape = dict[str, Any]


def by_token(token: str) -> Order | None:
    """The order of a link; None if the link is not ours, or has been made void."""
    said = links.read(token)
    if said is None:
        return None
    found = Order.objects.filter(pk=said.order_id, links_renewed=said.renewed)
    return found.prefetch_related("lines", "payments", "events").first()


def has_void(token: str) -> bool:
    """Whether it was an order's link, until new ones were made."""
    said = links.read(token)
    return (
        said is not None and Order.objects.filter(pk=said.order_id, links_renewed__gt=said.renewed).exists()
    )


def papers(order: Order) -> QuerySet[Invoice]:
    """The order's invoice, then its credit notes."""
    return order.invoices.order_by("id")


def by_number(number: str, email: str) -> Order | None:
    """The order of that number ("D10042", with or without the letter) if it was placed with that address."""
    digits = number.strip().upper().removeprefix("#").removeprefix("D")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 15):
        return None
    return Order.objects.filter(pk=int(digits) - FIRST_NUMBER, email__iexact=email.strip()).first()


def of_customer(user: User) -> QuerySet[Order]:
    """A customer's orders, the newest first."""
    return Order.objects.filter(customer=user).order_by("-placed_at", "-id")


def history(user: User, number: str = "1") -> Shape:
    """A page of a customer's orders as the list shows them; a page that is not there is the nearest."""
    found = of_customer(user).prefetch_related("lines", "payments", "shipments")
    page = Paginator(found, ORDERS_PER_PAGE).get_page(number)
    later = _made_since(line for order in page.object_list for line in order.lines.all()[:PICTURES])
    return {
        "orders": [_row(order, later) for order in page.object_list],
        "total": page.paginator.count,
        "number": page.number,
        "pages": page.paginator.num_pages,
    }


def _row(order: Order, later: Mapping[int, Picture]) -> Shape:
    lines, state = list(order.lines.all()), payment_state(order, list(order.payments.all()))
    return {
        "number": order.number,
        "token": links.token(order),
        "url": links.path(order),
        "placed_at": order.placed_at,
        "status": order.status,
        "status_label": status_label(order, state),
        "asks": order.status == Order.Status.PLACED and state != "pending",  # the page has something to do
        "total": order.money("total"),
        "names": [
            line.name if line.quantity == 1 else f"{line.quantity} × {line.name}" for line in lines[:3]
        ],
        "more": max(0, len(lines) - 3),
        "pictures": [picture for line in lines[:PICTURES] if (picture := _picture(line, later))],
        "parcels": [following.parcel(shipment) for shipment in order.shipments.all()],
        **_promise(order, state),
    }


def unheard_of() -> QuerySet[Order]:
    """Orders that wait for a payment of which nothing was heard in time; a day on, nobody comes back."""
    now = timezone.now()
    heard = OrderEvent.objects.filter(order=OuterRef("pk"), kind__startswith="payment_")
    return Order.objects.filter(
        ~Exists(heard), status=Order.Status.PLACED, placed_at__range=(now - FORGOTTEN, now - UNHEARD)
    ).order_by("placed_at", "pk")


def order_page(order: Order) -> Shape:
    """Everything that the order's page and its mail say."""
    payments, events, lines = list(order.payments.all()), list(order.events.all()), list(order.lines.all())
    state, later = payment_state(order, payments), _made_since(lines)
    shapes = {line.pk: _line(order, line, _picture(line, later)) for line in lines}
    followed = following.of(order, shapes)
    return {
        "number": order.number,
        "status": order.status,
        "status_label": status_label(order, state),
        "placed_at": order.placed_at,
        "kept_until": words.moment(order.reserved_until) if order.reserved_until else "",
        "is_fresh": timezone.now() - order.placed_at < FRESH,
        "email": order.email,
        "name": order.name,
        "address_lines": address_lines(order, order.vat_number),
        "lines": list(shapes.values()),
        "subtotal": order.money("subtotal"),
        "discounts": discounts(order),
        "delivery": order.money("delivery"),
        "tax": order.money("tax"),
        "taxes": [_tax(order, row) for row in order.taxes],
        "total": order.money("total"),
        "taxed": taxed(order),
        "payment_state": state,
        "declined": sum(payment.status == Payment.Status.DECLINED for payment in payments),
        "is_asked": any(event.kind == "payment_asked" for event in events),
        "money_note": (
            _money_back(order, state, events, followed["refunded"]) if order.status in ENDED else ""
        ),
        "steps": following.steps(order, state, events, followed["parcels"]),
        "delivery_name": order.delivery_name,
        "carrier": order.delivery_carrier,
        **followed,
        **_promise(order, state),
    }


def taxed(order: Order) -> str:
    """Where its tax stands: "included" in its amounts, "on_top", or "reversed": the buyer accounts for it."""
    if order.is_reverse_charged:
        return "reversed"
    return "included" if order.prices_include_tax else "on_top"


def discounts(order: Order) -> list[Shape]:
    """What was taken off, by the names it had; one without an amount made delivery free."""
    return [
        {**row, "amount": Money(Decimal(row["amount"]), order.currency)}  # name, and the voucher's code
        for row in order.discounts
    ]


def status_label(order: Order, state: str) -> str:
    """Where it stands, in words; "waiting" only if it is the buyer who is waited for."""
    waiting = {
        "pending": _("payment on its way"),
        "begun": _("payment being checked"),
        "declined": _("payment declined"),
    }
    label = str(order.get_status_display())
    return waiting.get(state, label) if order.status == Order.Status.PLACED else label


def _promise(order: Order, state: str) -> Shape:
    """When it comes, as long as that holds: for what is paid or being paid, and not once the day is past."""
    sold = {Order.Status.PAID, Order.Status.PART_SHIPPED, Order.Status.SHIPPED}
    comes = order.status in sold or (order.status == Order.Status.PLACED and state == "pending")
    until = order.promised_until
    holds = comes and until is not None and until >= timezone.localdate()
    return {
        "promised_from": order.promised_from if holds else None,
        "promised_until": until if holds else None,
    }


def _money_back(order: Order, state: str, events: Sequence[OrderEvent], refunded: Money) -> str:
    """What becomes of the money of a cancelled order, which goes back when somebody on the desk says so."""
    if refunded and refunded != order.money("total"):
        text = _("We have sent %(part)s of %(total)s back the way it came. The rest follows.")
        return text % {"part": refunded.format(), "total": order.money("total").format()}
    if state == "sent_back":
        return _("Your payment came when the order had ended. We have sent all of it back the way it came.")
    if any(event.kind == OrderEvent.REFUNDED for event in events):
        return _("We have sent %(total)s back the way it came.") % {"total": order.money("total").format()}
    if refunded:
        text = _(
            "You have paid %(total)s. All of it goes back the way it came: banks take a few working days."
        )
        return text % {"total": order.money("total").format()}
    if state == "succeeded":
        text = _(
            "You have paid %(total)s. We send it back the way it came; one of us does that by hand, so please"
            " give it a few working days."
        )
        return text % {"total": order.money("total").format()}
    if state == "pending":
        return _("Your payment was still on its way. Should it arrive, we send all of it back.")
    if state == "begun":
        return _("We have not heard whether you were charged. Should you have been, we send all of it back.")
    return _("Nothing was charged, so there is nothing to send back.")


def payment_state(order: Order, payments: Sequence[Payment]) -> str:
    """How the money stands: none, begun, pending, declined or succeeded."""
    if order.status not in {Order.Status.PLACED, Order.Status.CANCELLED, Order.Status.EXPIRED}:
        return "succeeded"
    said = {SAID_AS.get(payment.status, payment.status) for payment in payments if not _asks_nobody(payment)}
    # What may still have taken money weighs more than an attempt that has not.
    return next((state for state in MONEY_STATES if state in said), "none")


def _asks_nobody(payment: Payment) -> bool:
    """Of an order that costs nothing there is no word to wait for: its buyer has gone too early."""
    return payment.gateway == Payment.NOTHING and payment.status == Payment.Status.BEGUN


def _made_since(lines: Iterable[OrderLine]) -> dict[int, Picture]:
    """By variant, for lines that were copied before any picture of theirs was made: the one there is now."""
    return pictures.of_ids(line.variant_id for line in lines if _is_blank(line))


def _is_blank(line: OrderLine) -> bool:
    return bool(line.picture) and not line.picture.get("src")


def _picture(line: OrderLine, later: Mapping[int, Picture]) -> Picture:
    return later.get(line.variant_id, line.picture) if _is_blank(line) else line.picture


def _line(order: Order, line: OrderLine, picture: Picture) -> Shape:
    return {
        "name": line.name,
        "options": line.options,
        "sku": line.sku,
        "url": reverse("catalog:product", args=[line.slug]) if line.slug else None,
        "picture": picture or None,
        "thumbnail": _thumbnail(picture),
        "quantity": line.quantity,
        "unit_price": Money(line.unit_price, order.currency),
        "total": Money(line.total, order.currency),
    }


THUMBNAIL = 64  # pixels wide in a mail, twice that on the screens that people read mails on


def _thumbnail(picture: Mapping[str, Any]) -> Shape:
    """Its JPEG for mails, which know no srcset: the smallest one that is sharp. No `src` if none is made."""
    width, height = picture.get("width") or 4, picture.get("height") or 5
    made = []
    for candidate in ((picture.get("srcset") or {}).get("jpeg") or "").split(","):
        address, _space, wide = candidate.strip().partition(" ")
        if address and wide.endswith("w"):
            made.append((int(wide[:-1]), address))
    sharp = [entry for entry in sorted(made) if entry[0] >= 2 * THUMBNAIL]
    return {
        "src": sharp[0][1] if sharp else picture.get("src"),
        "alt": picture.get("alt") or "",
        "width": THUMBNAIL,
        "height": round(THUMBNAIL * height / width),
    }


def _tax(order: Order, row: Mapping[str, str]) -> tuple[Decimal, Money, Money]:
    return (
        Decimal(row["rate"]),
        Money(Decimal(row["net"]), order.currency),
        Money(Decimal(row["tax"]), order.currency),
    )
