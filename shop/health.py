"""Is the process alive, and may it be given visitors? Asked by machines, each few seconds."""

from django.db import Error as DatabaseError
from django.db import connection
from django.http import HttpRequest, HttpResponse

from shop import replicas
from shop.edge.pages import private_page
from shop.postgresql.base import patience

PATIENCE = 1.0  # seconds for an answer: a primary that is stopped keeps no statement_timeout


@private_page
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers: touches nothing else, so that a lost database restarts no process."""
    return _say("ok")


@private_page
def readyz(request: HttpRequest) -> HttpResponse:
    """The primary or a replica answers within the settings' budgets (connect_timeout, statement_timeout)."""
    try:
        with patience(connection, PATIENCE), connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        connection.close()  # the next question begins with a new one
        with replicas.reading(None) as position:
            if position is not None:
                return _say("ready to be read: the primary does not answer")
        return _say(f"the database does not answer: {type(error).__name__}", status=503)
    return _say("ready")


def _say(line: str, status: int = 200) -> HttpResponse:
    return HttpResponse(f"{line}\n", status=status, content_type="text/plain; charset=utf-8")
