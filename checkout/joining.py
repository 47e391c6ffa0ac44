"""Two carts become one: at login, and where an order is taken back while another cart was begun."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.models import PostalFields, User
from catalog import stock
from checkout import cart as carts
from checkout import cookies, queries
from checkout.models import Cart, CartLine


def adopt(sender: Any, request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    """At login the visitor's cart takes in what the account's older cart held, and says so.

    The visitor's row stays, with its market and address, since its token is in the browser.
    """
    if request is None:
        return
    token_hash = cookies.hashed(request.COOKIES.get(cookies.TOKEN, ""))
    try:
        mine, older, came, cut = _join(token_hash, user)
    except IntegrityError:
        # Between the look and the write another tab began a cart for the account: now it is there to see.
        mine, older, came, cut = _join(token_hash, user)
    cart = mine or older
    if cart is None:
        return
    carts.show_size(request, cart)
    if came:
        names = ", ".join(queries.names([line.variant_id for line in came]))
        if mine is None:
            text = _("Your cart from an earlier visit is back: %(names)s.") % {"names": names}
        else:
            text = _("From an earlier visit, your cart also holds: %(names)s.") % {"names": names}
        if cut:
            text += " " + _("Some quantities were lowered to what is left.")
        messages.info(request, text, fail_silently=True)


@transaction.atomic
def _join(token_hash: str, user: User) -> tuple[Cart | None, Cart | None, list[CartLine], bool]:
    """The visitor's cart, now the account's; the account's older one; what that held; whether it was cut."""
    # The account's logins one after the other: of two at once each would see a cart to join, and no other's.
    User.objects.select_for_update(no_key=True).filter(pk=user.pk).first()
    wanted = Cart.objects.filter(Q(token_hash=token_hash, user=None) | Q(user=user), closed_at=None)
    held, known = list(wanted.select_for_update().order_by("pk")), carts.market_codes()
    found = [cart for cart in held if cart.market in known]
    for cart in held:
        if cart.market not in known:
            carts.close(cart)
    mine = next((cart for cart in found if cart.user_id is None), None)
    older = next((cart for cart in found if cart.user_id == user.pk), None)
    came = list(older.lines.order_by("pk")) if older else []
    cut = False
    if mine is not None:
        if older is not None:
            cut = absorb(mine, older, came)
        mine.user = user
        mine.save()
    return mine, older, came, cut


def leave(sender: Any, request: HttpRequest | None, user: User | None, **kwargs: Any) -> None:
    """At logout the browser forgets the account's cart, badge included; the account keeps it."""
    if request is not None and user is not None:
        cookies.forget(request)


def absorb(mine: Cart, older: Cart, came: Iterable[CartLine]) -> bool:
    """The older cart's lines join mine, and it is gone; True if a quantity had to be lowered."""
    came, cut = list(came), False
    present = {line.variant_id: line for line in mine.lines.all()}
    free = stock.free([line.variant_id for line in came])
    if not present:
        mine.market = older.market
    mine.voucher_code = mine.voucher_code or older.voucher_code
    if not mine.line1:
        mine.email, mine.vat_number, mine.method_id = older.email, older.vat_number, older.method_id
        for part in PostalFields._meta.fields:
            setattr(mine, part.name, getattr(older, part.name))
    for line in came:
        own = present.get(line.variant_id)
        wanted = line.quantity + (own.quantity if own else 0)
        total = max(1, min(wanted, carts.most(free, line.variant_id)))
        cut = cut or total < wanted
        CartLine.objects.update_or_create(cart=mine, variant_id=line.variant_id, defaults={"quantity": total})
    older.delete()
    return cut
