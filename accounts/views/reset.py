"""A forgotten password: a link is asked for, and a new password set by it."""

from django.contrib import auth, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import confirmation, links, passwords
from accounts.forms import NewPasswordForm, ResetForm
from accounts.views.page import HOUR, LATER, SLOWLY, link_over, page
from shop import limits
from shop.edge.pages import private_page


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def reset(request: HttpRequest) -> HttpResponse:
    """Mails the link; the answer never says whether the address has an account."""
    form = ResetForm(request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return page(request, "reset", {"form": form})
    if limits.exceeded(request, "reset", seconds=HOUR):
        form.add_error(None, LATER)
        return page(request, "reset", {"form": form}, status=429)
    if not form.is_valid():
        return page(request, "reset", {"form": form}, status=422)
    email = form.cleaned_data["email"]
    # Anybody can ask for it very often. Its owner hears nothing of that: the mails before are good for hours.
    if not limits.count(request, "reset", limits.of_account(email), seconds=HOUR):
        passwords.ask(email)
    return page(request, "reset_sent", {"email": email})


@private_page
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def reset_new(request: HttpRequest, token: str) -> HttpResponse:
    """A new password by the mail's link, which is over then: logged in here, and out elsewhere."""
    found = links.read(links.RESET, token)
    if found is None:
        return link_over(request, "reset")
    form = NewPasswordForm(request.POST if request.method == "POST" else None)
    context = {"form": form, "email": found[0].email}
    if request.method != "POST":
        return page(request, "reset_new", context)
    if limits.exceeded(request, "reset-new", account=str(found[0].pk)):
        form.add_error(None, SLOWLY)
        return page(request, "reset_new", context, status=429)
    if not form.is_valid():
        return page(request, "reset_new", context, status=422)
    try:
        user = passwords.reset(token, form.cleaned_data["password"])
    except confirmation.LinkOver:
        return link_over(request, "reset")
    auth.login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    messages.success(request, _("Your new password is set, and you are logged in."))
    return redirect("accounts:account")
