"""One call to a receiver: bounded, never redirected, to no address that it should not reach.

Nothing here knows the database; a call runs in a thread beside it.
"""

import contextlib
import http.client
import ipaddress
import json
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

MOST_READ = 4_096  # bytes of an answer: only its status counts, and its beginning helps to find the error
MOST_SAID = 120  # characters of it that are kept
# Of IPv6, what carries an IPv4 address: a gateway on the way may bring it into our own network. Compatible,
# NAT64 (the known prefix and the local one), Teredo, 6to4. No receiver has to be called by such a name.
TRANSLATED = tuple(
    map(ipaddress.ip_network, ("::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16"))
)
LONGEST_REST = 86_400  # seconds that a receiver may ask for


class Refused(Exception):
    """The address is none that we call."""


@dataclass(frozen=True)
class Answer:
    """What came back: a status, or the error that kept one away."""

    status: int | None = None
    error: str = ""
    retry_after: int | None = None

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def check(url: str) -> None:
    """Refused if we would not call it: no https, a password in it, no host."""
    parts = urlsplit(url)
    try:
        has_place = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        has_place = False
    if not has_place:
        raise Refused(_("This is no address of the web."))
    if parts.username or parts.password:
        raise Refused(_("The address must hold no password: every message is signed instead."))
    if parts.scheme != "https" and not (settings.FEED_INSIDE and parts.scheme == "http"):
        raise Refused(_("The address must begin with https://."))


class Line:
    """A connection to one receiver, kept open from call to call."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.seconds = settings.FEED_TIMEOUT_SECONDS
        self._connection: http.client.HTTPConnection | None = None

    def post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """The receiver's answer; never raises."""
        try:
            check(self.url)
            was_open = self._connection is not None
            try:
                return self._post(body, headers)
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                # A receiver ends a connection that was quiet: that is no failure of this message.
                self.close()
                if not was_open:
                    raise
                return self._post(body, headers)
        except Exception as error:
            self.close()
            return Answer(error=_said(error))

    def close(self) -> None:
        """The next call opens it anew."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.close()

    def cut(self) -> None:
        """From another thread: whoever waits for this receiver does so no longer."""
        found = getattr(self._connection, "sock", None)
        if found is not None:
            with contextlib.suppress(OSError):
                found.shutdown(socket.SHUT_RDWR)

    def _post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        parts = urlsplit(self.url)
        if self._connection is None:
            self._connection = _Connection(parts.scheme, str(parts.hostname), parts.port, self.seconds)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._connection.request("POST", path, body, dict(headers))
        response = self._connection.getresponse()
        text = response.read(MOST_READ)
        asked = response.getheader("Retry-After") or ""
        if response.read(1) or response.will_close:  # more than we want to read
            self.close()
        is_taken = 200 <= response.status < 300
        return Answer(
            response.status,
            ""
            if is_taken
            else " ".join(text.decode("utf-8", "replace").replace("\0", "").split())[:MOST_SAID],
            min(int(asked), LONGEST_REST) if asked.isascii() and asked.isdigit() else None,
        )


class _Connection(http.client.HTTPConnection):
    """Goes to an address that was looked at, by TLS if the scheme says so."""

    def __init__(self, scheme: str, host: str, port: int | None, seconds: float) -> None:
        self.is_secret = scheme == "https"
        super().__init__(host, port or (443 if self.is_secret else 80), timeout=seconds)

    def connect(self) -> None:
        self.sock = _reach(self.host, self.port, self.timeout or 1)
        if self.is_secret:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)


def _reach(host: str, port: int, seconds: float) -> socket.socket:
    """A connection to the first of the host's addresses that answers, of those that may be called."""
    failed: OSError = ConnectionError(_("The host has no address."))
    for family, address in _allowed(host, port):
        reached = socket.socket(family, socket.SOCK_STREAM)
        try:
            reached.settimeout(seconds)
            reached.connect(address)
            reached.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            reached.close()
            failed = error
        else:
            return reached
    raise failed


def _allowed(host: str, port: int) -> Iterator[tuple[int, tuple[str, int]]]:
    """Looked up once: who answers with another address a moment later is not asked again."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for family, _type, _protocol, _name, address in found:
        if not is_public(str(address[0])) and not settings.FEED_INSIDE:
            raise Refused(_("The host lies in our own network (see FEED_INSIDE)."))
        yield family, address  # type: ignore[misc]


def is_public(address: str) -> bool:
    """Whether it is an address of the open internet; one within another's form counts as what it is."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if any(ip in network for network in TRANSLATED):
        return False
    mapped = getattr(ip, "ipv4_mapped", None)
    return bool((mapped or ip).is_global) and not (mapped or ip).is_multicast


def body_of(payload: Mapping[str, object]) -> bytes:
    """As short as JSON can be; what is signed is what is sent."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


def _said(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return _("No answer in time.")
    if isinstance(error, Refused):
        return str(error)
    text = f"{type(error).__name__}: {error}".strip(": ")
    return text.replace("\0", "")[:MOST_SAID]
