"""A voucher's code, from the cart or the review: used, kept for later, refused with a reason, taken out."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from checkout import cart as carts
from checkout import vouchers
from checkout.forms import VoucherForm
from checkout.models import Cart
from checkout.views import cart, steps
from shop import limits
from shop.edge.pages import private_page

TRIES, SECONDS = 20, 600  # codes that nobody knows: who mistypes needs a few, who guesses needs thousands


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def voucher(request: HttpRequest) -> HttpResponseBase:
    """What is wrong with a code is said beside it, and the code stays to be mended."""
    found = carts.open(request)
    if found is None or request.method != "POST":
        return redirect("checkout:cart")
    where = "checkout:review" if request.POST.get("next") == "review" else "checkout:cart"
    try:
        if "remove" in request.POST:
            vouchers.take_out(found)
            return redirect(where)
        form = VoucherForm(request.POST)
        status = _put(request, found, form) if form.is_valid() else 422
    except carts.CartClosed:
        return redirect("checkout:cart")
    if not form.errors:
        return redirect(where)
    if where == "checkout:review":
        answer = steps.review_with(request, form)
    else:
        answer = cart.show(request, found, form)
    if isinstance(answer, HttpResponse) and answer.status_code in {200, 422}:
        answer.status_code = status
    return answer


def _put(request: HttpRequest, found: Cart, form: VoucherForm) -> int:
    """The status of an answer that shows the form again."""
    key = f"address:{limits.address(request)}"
    if limits.is_spent(request, "voucher", key, limit=TRIES, seconds=SECONDS):
        form.add_error("code", _("Those were many codes that we do not know. Please wait ten minutes."))
        return 429
    shown = vouchers.put(found, form.cleaned_data["code"])
    if shown.voucher is None:
        limits.count(request, "voucher", key, limit=TRIES, seconds=SECONDS)
    if shown.is_over:
        form.add_error("code", shown.problem)
    elif shown.problem:
        text = _("%(code)s is in your cart, and waits: %(problem)s")
        messages.info(request, text % {"code": shown.code, "problem": shown.problem})
    else:
        messages.success(request, _("The code %(code)s counts.") % {"code": shown.code})
    return 422
