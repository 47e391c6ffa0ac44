"""Who is let in, and what somebody reads who is not."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shop import guesses, limits


class LoginForm(AdminAuthenticationForm):
    """Address and password, as often as the storefront's login allows: both doors count together."""

    is_throttled = False
    error_messages = {
        **AdminAuthenticationForm.error_messages,
        "invalid_login": gettext_lazy(
            "The e-mail address and the password do not belong together, or the account is not of our staff."
        ),
    }

    def __init__(self, request: HttpRequest | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **{"label_suffix": "", **kwargs})

    def clean(self) -> dict[str, Any]:
        """Who tried too often is told before any password is looked at."""
        if self.request is None:
            return super().clean()
        email = self.cleaned_data.get("username", "")
        # The address is counted whatever the account says.
        if limits.exceeded(self.request, guesses.GROUP) or guesses.are_many(self.request, email):
            self.is_throttled = True
            raise ValidationError(_("Too many attempts. Please wait five minutes and try again."))
        try:
            return super().clean()
        except ValidationError:
            guesses.failed(self.request, email)
            raise


def is_here(request: HttpRequest) -> bool:
    """Whether the request is for a page of the desk."""
    return request.path.startswith(reverse("admin:index"))


def unvouched(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form of the desk whose token is missing or old, or that came from elsewhere: nothing was done."""
    return _refusal(request, "admin/unvouched.html", _("Nothing was saved"), 403, back=_back(request))


def forbidden(request: HttpRequest) -> HttpResponse:
    """Somebody of the staff, but this is not theirs to do."""
    return _refusal(request, "admin/forbidden.html", _("This is not yours to do"), 403)


def missing(request: HttpRequest) -> HttpResponse:
    """There is no such page on the desk."""
    return _refusal(request, "admin/missing.html", _("There is nothing here"), 404)


def _refusal(request: HttpRequest, template: str, title: str, status: int, **context: Any) -> HttpResponse:
    shown = {**admin.site.each_context(request), "title": title, **context}
    response = TemplateResponse(request, template, shown, status=status)
    return response.render()


def _back(request: HttpRequest) -> str:
    """The page with the form, if the browser says which and it is one of ours: what was posted to may be
    no page at all."""
    said = request.headers.get("Referer", "")
    path = urlsplit(said).path
    is_ours = url_has_allowed_host_and_scheme(said, {request.get_host()}, require_https=request.is_secure())
    return path if is_ours and path.startswith(reverse("admin:index")) else reverse("admin:index")
