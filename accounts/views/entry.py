"""Log in, log out, register."""

from typing import Any

from django.conf import settings
from django.contrib import auth, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from accounts import registration
from accounts.forms import LoginForm, RegisterForm
from accounts.views.page import SLOWLY, page
from shop import guesses, limits
from shop.desk import doors
from shop.edge.pages import private_page

# Whose account it is must not have to wait: the mailed link lets in whatever the counters say.
GUARDED = gettext_lazy(
    "Somebody has tried wrong passwords for this account very often just now. Please wait five minutes, or"
    " choose “Forgotten your password?”: the link we mail you lets you in at once."
)
GUEST_EMAIL = "guest_email"  # session: what a guest gave at checkout, so that it is not asked twice
GUEST_NAME = "guest_name"  # session: who that order goes to


def _next(request: HttpRequest) -> str:
    """Where the form leads afterwards; "" unless it is an address of this shop."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    # A bare name is an address for browsers, and the name of a route for redirect().
    if not target.startswith("/"):
        return ""
    # The peer's Host is checked against ALLOWED_HOSTS by get_host.
    if url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        return target
    return ""


def _onward(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(_next(request) or resolve_url(settings.LOGIN_REDIRECT_URL))


def _show(request: HttpRequest, name: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    return page(request, name, {"next": _next(request), **context}, status=status)


@private_page
@sensitive_post_parameters("password")
def login(request: HttpRequest) -> HttpResponse:
    """Address and password; the answer for an unknown address is the same as for a wrong password."""
    if request.user.is_authenticated:
        return _onward(request)
    form = LoginForm(request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return _show(request, "login", {"form": form})
    if limits.exceeded(request, guesses.GROUP):
        form.add_error(None, SLOWLY)
        return _show(request, "login", {"form": form}, status=429)
    if not form.is_valid():
        return _show(request, "login", {"form": form}, status=422)
    email = form.cleaned_data["email"]
    if guesses.are_many(request, email):
        form.add_error(None, GUARDED)
        return _show(request, "login", {"form": form}, status=429)
    user = auth.authenticate(request, username=email, password=form.cleaned_data["password"])
    if user is None:
        guesses.failed(request, email)
        form.add_error(None, _("The e-mail address and the password do not belong together."))
        return _show(request, "login", {"form": form}, status=422)
    auth.login(request, user)  # gives the session a new key
    return _onward(request)


@private_page
@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """Ends the session; what it held is gone."""
    auth.logout(request)
    return redirect("catalog:home")


@private_page
@sensitive_post_parameters("password")
def register(request: HttpRequest) -> HttpResponse:
    """A new account, logged in at once."""
    if request.user.is_authenticated:
        return _onward(request)
    if request.method != "POST":
        known = {"email": GUEST_EMAIL, "name": GUEST_NAME}
        form = RegisterForm(initial={field: request.session.get(key, "") for field, key in known.items()})
        return _show(request, "register", {"form": form})
    form = RegisterForm(request.POST)
    if limits.exceeded(request, "register"):
        form.add_error(None, SLOWLY)
        return _show(request, "register", {"form": form}, status=429)
    if not form.is_valid():
        return _show(request, "register", {"form": form}, status=422)
    data = form.cleaned_data
    try:
        user = registration.register(data["email"], name=data["name"], password=data["password"])
    except registration.AddressTaken:
        form.add_error("email", _("There is an account with this address already. Please log in instead."))
        return _show(request, "register", {"form": form}, status=422)
    auth.login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    text = _("Your account is ready. We have sent you a link to confirm your address.")
    messages.success(request, text)
    return _onward(request)


@private_page
def refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW: nobody vouched for the form, and its token is missing or wrong."""
    if doors.is_here(request):
        return doors.unvouched(request, reason)
    request.page_title = _("This form did not come from here")  # type: ignore[attr-defined]
    return render(request, "403.html", status=403)
