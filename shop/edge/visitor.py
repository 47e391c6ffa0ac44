"""A public page cannot touch its visitor: session, user, messages, cookies and CSRF token raise there."""

import re
from collections.abc import Callable
from typing import Any, NoReturn

from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import patch_cache_control

PUBLIC, PRIVATE = "public", "private"
# What a visitor sends and a page for everyone must not depend on.
PERSONAL_HEADERS = frozenset(
    {
        "HTTP_COOKIE",
        "CSRF_COOKIE",
        "HTTP_AUTHORIZATION",
        "HTTP_ACCEPT_LANGUAGE",
        "HTTP_USER_AGENT",
        "REMOTE_USER",
    }
)

UNSTORABLE = re.compile("[\0\ud800-\udfff]")

View = Callable[..., HttpResponseBase]


class VisitorTouched(RuntimeError):
    """A public page reached for something of its visitor's."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"A public page touched {what}. It is kept at the edge and sent to everyone: declare the view "
            "@private_page, or leave it to a private fragment or a cookie that a script reads."
        )


def not_kept(response: HttpResponseBase) -> HttpResponseBase:
    """The same answer, for nobody but who asked."""
    patch_cache_control(response, private=True, no_store=True)
    return response


class StorableCookies:
    """Drops cookies that no database takes (`sessionid="\\000…"` is a NUL), before anybody looks one up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        for name in [name for name, value in request.COOKIES.items() if UNSTORABLE.search(value)]:
            del request.COOKIES[name]
        return self.get_response(request)


class VisitorGuard:
    """The innermost middleware: hides the visitor while a public view runs, and gives back what it hid."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            response = self.get_response(request)
        finally:
            _give_back(request)
        if getattr(request, "_is_public", False):
            if not hasattr(response, "page_keys"):  # an error
                return not_kept(response)
            # SessionMiddleware deletes a stale or forged session cookie: Set-Cookie, on a page for everyone.
            request.session = _Unasked()  # type: ignore[assignment]
            if response.cookies:
                raise VisitorTouched(f"the response's cookies ({', '.join(response.cookies)})")
            if "cookie" in response.get("Vary", "").lower():
                raise VisitorTouched("Vary: Cookie")
        return response

    def process_view(self, request: HttpRequest, view: View, args: Any, kwargs: Any) -> None:
        """Hides what is the visitor's, if the view is declared public."""
        if getattr(view, "page_kind", None) != PUBLIC:
            return
        request._is_public = True  # type: ignore[attr-defined]
        hidden = {name: vars(request)[name] for name in _HIDDEN if name in vars(request)}
        request._hidden = hidden  # type: ignore[attr-defined]
        vars(request).pop("headers", None)  # they were copied from META, Cookie included
        for name in _HIDDEN:
            vars(request)[name] = _Meta(request.META) if name == "META" else _Untouchable(f"request.{name}")

    def process_exception(self, request: HttpRequest, error: Exception) -> None:
        """Error pages and their reports may look at the request."""
        _give_back(request)


_HIDDEN = ("session", "user", "auser", "_messages", "COOKIES", "META")


def _give_back(request: HttpRequest) -> None:
    hidden = vars(request).pop("_hidden", None)
    if hidden is None:
        return
    vars(request).pop("headers", None)
    for name in _HIDDEN:
        vars(request).pop(name, None)
    vars(request).update(hidden)


class _Untouchable:
    """Raises whatever is done with it, except being handed on."""

    __slots__ = ("_what",)

    def __init__(self, what: str) -> None:
        object.__setattr__(self, "_what", what)

    def _touched(self, *args: object) -> NoReturn:
        raise VisitorTouched(object.__getattribute__(self, "_what"))

    __getattr__ = __setattr__ = __delattr__ = __getitem__ = __setitem__ = __delitem__ = _touched
    __bool__ = __len__ = __iter__ = __contains__ = __call__ = __str__ = __eq__ = __hash__ = _touched


class _Meta(dict[str, Any]):
    """request.META without what is personal; asking for that, or setting it, raises."""

    def __init__(self, meta: dict[str, Any]) -> None:
        super().__init__((key, value) for key, value in meta.items() if key not in PERSONAL_HEADERS)

    @staticmethod
    def _judge(key: object) -> None:
        if key in PERSONAL_HEADERS:
            raise VisitorTouched(f"request.META[{key!r}]")

    def __getitem__(self, key: str) -> Any:
        self._judge(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self._judge(key)
        return super().get(key, default)

    def __contains__(self, key: object) -> bool:
        self._judge(key)
        return super().__contains__(key)

    def __setitem__(self, key: str, value: Any) -> None:
        self._judge(key)
        super().__setitem__(key, value)

    def update(self, *others: Any, **more: Any) -> None:
        for key, value in dict(*others, **more).items():
            self[key] = value


class _Unasked:
    """What SessionMiddleware finds after a public page: a session nobody has looked at."""

    accessed = modified = False

    def is_empty(self) -> bool:
        return False
