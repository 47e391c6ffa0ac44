"""`account=1`: what a browser may read of a login, so that pages that are the same for everyone can show it.

It says that somebody is logged in here, and not who. Nobody believes it: what it leads to asks the session.
Each page that is not for everyone writes it or takes it back, so login and logout do; a session that was
ended elsewhere is noticed with the next of these, and one that runs out takes it along.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

ACCOUNT, HERE = "account", "1"


def tell(request: HttpRequest, response: HttpResponseBase) -> None:
    """Brings the cookie in line with the session; who has neither is not looked up."""
    held = request.COOKIES.get(ACCOUNT)
    has_session = settings.SESSION_COOKIE_NAME in request.COOKIES or request.session.modified
    if held is None and not has_session:
        return
    if has_session and request.user.is_authenticated:
        if held != HERE or request.session.modified:  # then the session is written anew, and lasts on
            seconds = request.session.get_expiry_age()
            response.set_cookie(ACCOUNT, HERE, max_age=seconds, secure=settings.HTTPS, samesite="Lax")
    elif held is not None:
        response.delete_cookie(ACCOUNT, samesite="Lax")
