"""Where somebody is logged in: a row for each browser, and the end of those that have none any more.

A session holds its row's id, so that one browser can be logged out from another. Rows hold no secret.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from accounts import cookies
from accounts.models import Login, User
from shop import guesses
from shop.edge.visitor import PUBLIC

LOGIN = "login"  # session: the id of its row
SEEN_EVERY = timedelta(hours=1)


def begin(sender: Any, request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    """At login this browser gets its row; rows whose sessions have ended by themselves are forgotten."""
    if request is None or not hasattr(request, "session"):
        return
    # Who logs in again in the same browser is there once.
    end(sender, request, user)
    Login.objects.filter(user=user, seen_at__lt=_expired()).delete()
    request.session[LOGIN] = _row(user, request.META).pk
    guesses.succeeded(request, user.email)


def end(sender: Any, request: HttpRequest | None, user: User | None, **kwargs: Any) -> None:
    """At logout the row goes with the session."""
    held = getattr(request, "session", {}).get(LOGIN)
    if held is not None:
        Login.objects.filter(pk=held).delete()


def log_out(user: User, login_id: int) -> bool:
    """That browser is logged out with its next request; False if it is not one of the user's."""
    return bool(Login.objects.filter(user=user, pk=login_id).delete()[0])


def log_out_others(user: User, kept: int | None) -> int:
    """Every browser but that one is logged out; how many."""
    found = Login.objects.filter(user=user)
    return (found if kept is None else found.exclude(pk=kept)).delete()[0]


class KnownLogins:
    """Ends a session whose row is gone, and notes at most once an hour that a browser was here.

    Whoever has logged in takes along that this browser is known, and that pages for everyone may show it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        guesses.remember(request, response)
        if getattr(request, "is_for_one", False):
            cookies.tell(request, response)
        return response

    def process_view(self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any) -> None:
        # A page for everyone touches no visitor, and who sent no cookie is nobody.
        if getattr(view, "page_kind", None) == PUBLIC:
            return
        request.is_for_one = True  # type: ignore[attr-defined]
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return
        if request.user.is_authenticated:
            _look(request, request.user)


def _look(request: HttpRequest, user: User) -> None:
    held = request.session.get(LOGIN)
    if held is None:  # from before there were rows
        request.session[LOGIN] = _row(user, request.META).pk
        return
    row = Login.objects.filter(pk=held, user=user).first()
    if row is None:
        auth.logout(request)
        return
    now = timezone.now()
    if row.seen_at <= now - SEEN_EVERY:
        agent = _agent(request.META)  # browsers are updated
        Login.objects.filter(pk=row.pk).update(seen_at=now, agent=agent)
        request.session.modified = True  # a session that is used does not run out


def _row(user: User, sent: Mapping[str, Any]) -> Login:
    return Login.objects.create(user=user, agent=_agent(sent), seen_at=timezone.now())


def _agent(sent: Mapping[str, Any]) -> str:
    return "".join(char for char in str(sent.get("HTTP_USER_AGENT", "")) if char.isprintable())[:300]


def _expired() -> Any:
    return timezone.now() - timedelta(seconds=settings.SESSION_COOKIE_AGE)
