"""An order's own page, paying for it, finding it again, and the list of a customer's orders."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    RawPostDataException,
    UnreadablePostError,
)
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.views.entry import GUEST_NAME
from orders import attempts, gateways, links, marking, payments, queries, reconciliation, tries
from orders.forms import PaymentForm, TrackForm
from orders.models import Invoice, Order, Payment
from orders.papers import filing
from orders.papers.printing import NotRendered
from orders.placement import PLACED_ORDER
from shop import limits, policy, replicas
from shop.edge.pages import private_page
from shop.outbox import outbox

logger = logging.getLogger(__name__)


def _page(
    request: HttpRequest, name: str, title: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    request.page_title = title  # type: ignore[attr-defined]
    shown = {"messages": messages.get_messages(request), **context}
    return render(request, f"orders/{name}.html", shown, status=status)


def _paper(token: str, paper: Invoice) -> dict[str, Any]:
    return {
        "url": reverse("orders:invoice", args=[token, paper.label]),
        "label": paper.label,
        "is_credit": paper.kind == Invoice.Kind.CREDIT_NOTE,
        "total": paper.amount,
    }


def _by_link(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The view is given the order too. A link that was made void leads to where a new one is asked for."""

    @wraps(view)
    def shown(request: HttpRequest, token: str, **more: str) -> HttpResponse:
        found = queries.by_token(token)
        if found is not None:
            return view(request, found, token, **more)
        if not queries.has_void(token):
            raise Http404
        text = _("This link is no longer good. Say the order's number and its e-mail address for a new one.")
        messages.warning(request, text)
        return redirect("orders:track")

    return shown


@private_page
@require_safe
@_by_link
def order(request: HttpRequest, found: Order, token: str) -> HttpResponse:
    """Confirmation and status in one; whoever has the link may read it."""
    shown = queries.order_page(found)
    shown["is_payable"] = payments.is_payable(found)
    shown["can_change"] = attempts.is_waiting(found, found.payments.all())
    shown["papers"] = [_paper(token, paper) for paper in queries.papers(found)]
    context: dict[str, Any] = {
        "order": shown,
        "token": token,
        "pay_url": None,
        "payment_choices": [],
        "register_url": None,
    }
    is_own = request.session.get(PLACED_ORDER) == found.pk
    if shown["is_payable"]:
        pay_url = reverse("orders:pay", args=[token])
        # The number makes a second click the same attempt, for the gateway as well.
        context["pay_url"] = f"{pay_url}?attempt={payments.next_attempt(found)}"
        context["payment_choices"] = gateways.get().choices()
        # Who came by the mail's link has it.
        context["link_follows"] = is_own and shown["is_fresh"] and not shown["is_asked"]
    # Only the browser that placed it is offered an account for it: a forwarded link is not an invitation.
    # And nothing stands between the shopper and paying.
    is_settled = shown["payment_state"] in {"succeeded", "pending"} and found.status != Order.Status.CANCELLED
    if is_settled and is_own and not request.user.is_authenticated:
        context["register_url"] = reverse("accounts:register") + f"?next={request.path}"
        if request.session.get(GUEST_NAME) != found.name:
            request.session[GUEST_NAME] = found.name
    response = _page(request, "order", _("Order %(number)s") % {"number": found.number}, context)
    fields = gateways.get().embedded(found.money("total")) if found.total else None
    # The form leads on to the gateway's page; its script has no business here.
    onward = {"form-action": fields.origins["form-action"]} if fields else {}
    response["Content-Security-Policy"] = policy.strict(onward)
    return response


@private_page
@require_safe
@_by_link
def invoice(request: HttpRequest, found: Order, token: str, label: str) -> HttpResponse:
    """The PDF of an invoice or credit note of that order; whoever has the order's link may have it."""
    paper = next((paper for paper in queries.papers(found) if paper.label == label), None)
    if paper is None:
        raise Http404
    try:
        return filing.download(paper)
    except NotRendered:
        logger.exception("Invoice %s cannot be set.", paper)
        messages.warning(request, _("The invoice cannot be made just now. Please try again in a minute."))
        return redirect("orders:order", token=token)


@private_page
@require_POST
@_by_link
def pay(request: HttpRequest, found: Order, token: str) -> HttpResponse:
    """Another attempt to pay; the order's page says how it went."""
    form = PaymentForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(map(str, form.errors["payment"])))
        return redirect("orders:order", token=token)
    attempt = request.GET.get("attempt", "")
    number = int(attempt) if attempt.isascii() and attempt.isdigit() and len(attempt) < 4 else None
    return begin_payment(request, found, form, attempt=number)


def begin_payment(
    request: HttpRequest, order: Order, form: PaymentForm, *, attempt: attempts.Attempt
) -> HttpResponse:
    """Ask the gateway as the valid form wants it, and send the buyer on to it or to the order's page."""
    token, choice, card = (
        links.token(order),
        form.cleaned_data["payment"],
        form.cleaned_data["confirmation"],
    )
    if order.total and tries.exceeded(request, order, attempt, choice, card):
        messages.warning(
            request, _("Too many payments were tried from here. Your order is kept: please try again later.")
        )
        return redirect("orders:order", token=token)
    try:
        asked = payments.begin(order, choice, attempt=attempt, token=card)
    except payments.BeingConfirmed:
        messages.warning(
            request,
            _(
                "A payment of this order is just being confirmed, and you are charged once."
                " Please look again in a minute."
            ),
        )
    except payments.NotPayable:
        messages.info(request, _("There is nothing to pay on this order at the moment."))
    except gateways.GatewayDown:
        messages.warning(
            request, _("The payment service does not answer. Your order is kept: please try again.")
        )
    else:
        if asked.redirect_url:
            return redirect(asked.redirect_url)
    return redirect("orders:order", token=token)


@private_page
@require_safe
@_by_link
def returned(request: HttpRequest, found: Order, token: str) -> HttpResponse:
    """Back from the gateway: it is asked how it went, then it is the order's page."""
    for payment in found.payments.filter(status__in=Payment.OPEN, reference__isnull=False):
        try:
            reconciliation.compare(payment)
        except (gateways.GatewayDown, gateways.Refused):
            break  # the page says that it is being looked at; the reconciler does
    return redirect("orders:order", token=token)


@csrf_exempt
@private_page
@require_POST
def webhook(request: HttpRequest, code: str) -> HttpResponse:
    """The gateway's word, believed for its signature only. What does not concern us is well, too.

    A former one is heard while its secrets are set: a transfer arrives, a refund fails days after.
    """
    if code not in gateways.heard():
        raise Http404
    try:
        said = gateways.named(code).read(request.body, request.headers)
    except (gateways.BadSignature, RawPostDataException, UnreadablePostError, ValueError):
        return HttpResponseBadRequest()
    for event in said:
        reconciliation.hear(event)
    return HttpResponse(status=204)


@private_page
def track(request: HttpRequest) -> HttpResponse:
    """Mails an order's link to whom it belongs; the answer never says whether there is such an order."""
    form, title = TrackForm(request.POST if request.method == "POST" else None), _("Track an order")
    if request.method != "POST":
        return _page(request, "track", title, {"form": form})
    if limits.exceeded(request, "track"):
        form.add_error(None, _("Too many attempts. Please wait five minutes and try again."))
        return _page(request, "track", title, {"form": form}, status=429)
    if not form.is_valid():
        return _page(request, "track", title, {"form": form}, status=422)
    email = form.cleaned_data["email"]
    found = queries.by_number(form.cleaned_data["number"], email)
    # Anybody can ask for it very often; whose order it is has the mails before, and is told the same.
    is_flood = limits.count(request, "track", limits.of_account(email))
    if found is not None and not is_flood:
        outbox.enqueue("orders.send_tracking", found.pk)
    return _page(request, "track_sent", title, {})


@private_page
@login_required
@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """The customer's orders, a page of them."""
    customer = cast(User, request.user)  # login_required
    number = request.GET.get("page", "1")
    shown = replicas.read(lambda: queries.history(customer, number), needs=[marking.key(customer.pk)])
    context = {"history": shown, "is_confirmed": customer.is_confirmed, "email": customer.email}
    return _page(request, "history", _("Your orders"), context)
