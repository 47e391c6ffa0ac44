"""Where the account is logged in, and the end of it elsewhere."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts import logins as known
from accounts import queries
from accounts.views.page import SLOWLY, owner, page
from shop import limits
from shop.edge.pages import private_page


@private_page
@login_required
@require_safe
def logins(request: HttpRequest) -> HttpResponse:
    """Each browser, this one first."""
    shown = queries.logins(owner(request), request.session.get(known.LOGIN))
    return page(request, "logins", {"logins": shown})


@private_page
@login_required
@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    """One other browser, or all of them, without asking who they are."""
    user, current, asked = owner(request), request.session.get(known.LOGIN), request.POST.get("login", "")
    if limits.exceeded(request, "logins", limit=30, account=str(user.pk)):
        messages.error(request, SLOWLY)
    elif asked == "others":
        count = known.log_out_others(user, current)
        text = ngettext("%(count)d browser is logged out.", "%(count)d browsers are logged out.", count)
        messages.success(request, text % {"count": count})
    elif asked.isascii() and asked.isdigit() and len(asked) < 19 and known.log_out(user, int(asked)):
        messages.success(request, _("That browser is logged out."))
    return redirect("accounts:logins")
