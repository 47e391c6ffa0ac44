"""Examples of the mails about orders: of an order that nobody has placed, with goods that the shop has."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from catalog.models import Variant
from catalog.queries import pictures
from orders import emails
from orders.models import Order, OrderEvent, OrderLine, Payment, Refund, Shipment, ShipmentLine
from shop import mail, markets
from shop.mail import Attachment
from shop.prepared import hold

Status = Order.Status
NOBODY = 0  # the id of no order: links to it lead nowhere
INVOICE = Attachment("Invoice 2027-000042.pdf", b"", "application/pdf")
CREDIT_NOTE = Attachment("Credit note 2027-000043.pdf", b"", "application/pdf")
RATE = Decimal("0.19")
GOODS = (("Two suns over Cadiz", "30 × 40 cm, oak", 1, "67.00"), ("Dune road", "dotted", 2, "14.00"))


def show() -> None:
    """Each of them, to whoever looks at mails."""
    for slug, title, send in (
        ("confirmation", _("Order placed and paid"), lambda: emails.confirmation(order(), [INVOICE])),
        ("confirmation:unpaid", _("Order placed, not paid yet"), _of(emails.confirmation, Status.PLACED)),
        ("payment", _("Asked to pay"), _of(emails.payment, Status.PLACED, "declined")),
        ("invoice", _("Paid later, with the invoice"), lambda: emails.invoice(order(), [INVOICE])),
        ("shipped", _("On its way"), _of(emails.shipped, Status.SHIPPED)),
        ("shipped:partly", _("Partly on its way"), _of(emails.shipped, Status.PART_SHIPPED)),
        ("refunded", _("Money sent back"), _refunded),
        ("cancelled", _("Cancelled"), _of(emails.cancelled, Status.CANCELLED)),
        ("sent_back", _("Paid too late: the money goes back"), _of(emails.sent_back, Status.EXPIRED)),
        ("sent_back:twice", _("Paid twice: the second payment goes back"), _of(emails.sent_back)),
        ("tracking", _("Link to the order, asked for"), _of(emails.tracking, Status.SHIPPED)),
    ):
        mail.example(f"orders/{slug}", title, send)


def _of(
    send: Callable[[Order], None], status: str = Status.PAID, payment: str = "succeeded"
) -> Callable[[], None]:
    return lambda: send(order(status, payment))


def order(status: str = Status.PAID, payment: str = "succeeded") -> Order:
    """An order of the current market in that status, in no database."""
    market, now = markets.current(), timezone.now()
    lines = _lines()
    subtotal = sum((line.total for line in lines), Decimal(0))
    discount, delivery = Decimal("9.50"), Decimal("4.90")
    total = subtotal - discount + delivery
    tax = (total * RATE / (1 + RATE)).quantize(Decimal("0.01"))
    made = Order(
        pk=NOBODY,
        status=status,
        market=market.code,
        language=translation.get_language() or market.language,
        currency=market.currency,
        email="ada@example.com",
        name="Ada Lovelace",
        line1="Unter den Linden 1",
        postcode="10117",
        city="Berlin",
        country="DE",
        subtotal=subtotal,
        discount=discount,
        discounts=[{"name": "Ten per cent off", "code": "PAPER10", "amount": str(discount)}],
        delivery=delivery,
        tax=tax,
        total=total,
        taxes=[{"rate": str(RATE), "net": str(total - tax), "tax": str(tax)}],
        delivery_name="Standard",
        delivery_carrier="DHL",
        promised_from=timezone.localdate() + timedelta(days=2),
        promised_until=timezone.localdate() + timedelta(days=4),
        placed_at=now - timedelta(days=1),
    )
    is_sent = status in {Status.PART_SHIPPED, Status.SHIPPED, Status.DELIVERED}
    made.shipped_at = now if is_sent else None
    paid = [] if status == Status.PLACED and payment == "succeeded" else [payment]
    payments = [
        Payment(order=made, status=each, amount=total, currency=market.currency, created_at=now)
        for each in paid
    ]
    events = [OrderEvent(order=made, kind=kind, at=now) for kind in ("placed", status)]
    packed = (lines[:1] if status == Status.PART_SHIPPED else lines) if is_sent else []
    parcel = Shipment(
        pk=NOBODY, order=made, number=1, carrier="DHL", tracking_code="00340434161094042557", shipped_at=now
    )
    hold(parcel, "lines", [ShipmentLine(line=line, quantity=line.quantity) for line in packed])
    hold(made, "lines", lines)
    hold(made, "payments", payments)
    hold(made, "events", events)
    hold(made, "shipments", [parcel] if packed else [])
    return made


def _lines() -> list[OrderLine]:
    """Goods that are for sale and have pictures, where there are any, at prices of ours."""
    found = Variant.objects.filter(is_active=True, product__is_published=True, position=0)
    ids = found.order_by("-product__popularity", "pk").values_list("pk", flat=True)[: len(GOODS)]
    variants = list(Variant.objects.filter(pk__in=list(ids)).select_related("product").order_by("pk"))
    shown = pictures.of_ids(variant.pk for variant in variants)
    lines = []
    for place, (name, options, quantity, price) in enumerate(GOODS):
        variant = variants[place] if place < len(variants) else None
        each = Decimal(price)
        lines.append(
            OrderLine(
                pk=place + 1,
                order_id=NOBODY,
                variant_id=variant.pk if variant else 0,
                name=variant.product.name if variant else name,
                options="" if variant else options,
                slug=variant.product.slug if variant else "",
                picture=dict(shown.get(variant.pk, {})) if variant else {},
                quantity=quantity,
                unit_price=each,
                tax_rate=RATE,
                total=each * quantity,
                discount=Decimal(0),
            )
        )
    return lines


def _refunded() -> None:
    """One piece of what was bought came back."""
    of = order(Status.DELIVERED)
    (payment,), line = of.payments.all(), of.lines.all()[1]
    refund = Refund(
        pk=NOBODY,
        payment=payment,
        amount=line.unit_price,
        currency=of.currency,
        status=Refund.Status.SUCCEEDED,
        pieces={str(line.pk): 1},
        settled_at=timezone.now(),
    )
    emails.refunded(of, refund=refund, papers=[CREDIT_NOTE])
