"""Node: how the engine is asked over HTTP: within a time that holds for all of an answer.

urllib3's timeout is that of each read: a server that sends a byte now and then would keep a thread for as
long as it likes. Here each read waits for what is left of the request's time, and no longer.
"""

import socket
import ssl
import threading
import time
from typing import Any

from elastic_transport import HttpHeaders, NodeConfig, Urllib3HttpNode
from elastic_transport._node import NodeApiResponse
from elastic_transport.client_utils import DEFAULT, DefaultType
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError


class _Until(threading.local):
    moment: float | None = None  # of the monotonic clock, when this thread's request must have ended


_until = _Until()


def _left(timeout: float | None) -> float | None:
    """Seconds of this thread's request that are left, at most `timeout`. Raises TimeoutError if none are."""
    if _until.moment is None:
        return timeout
    left = _until.moment - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left if timeout is None else min(left, timeout)


class _Socket(socket.socket):
    """http.client reads answers by recv_into() alone."""

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(_left(self.gettimeout()))
        return super().recv_into(*args, **kwargs)


class _TlsSocket(ssl.SSLSocket):
    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(_left(self.gettimeout()))
        return super().recv_into(*args, **kwargs)


class _Connects:
    """Of a name with several addresses, each gets what the ones before it have left of the time."""

    def _new_conn(self: Any) -> socket.socket:
        try:
            places = socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        failure: OSError = OSError("the name has no address")
        for family, kind, protocol, _name, address in places:
            found = _Socket(family, kind, protocol)
            try:
                for option in self.socket_options or ():
                    found.setsockopt(*option)
                found.settimeout(_left(self.timeout))
                found.connect(address)
                found.settimeout(_left(self.timeout))  # of a handshake
            except TimeoutError as error:
                found.close()
                raise ConnectTimeoutError(self, f"connecting to {self.host} took too long") from error
            except OSError as error:
                found.close()
                failure = error
            else:
                return found
        raise NewConnectionError(self, f"no connection: {failure}") from failure


class _Connection(_Connects, HTTPConnection):
    pass


class _TlsConnection(_Connects, HTTPSConnection):
    pass


class Node(Urllib3HttpNode):
    """A server of the engine. A thread never waits for another one's connection: it opens its own."""

    def __init__(self, config: NodeConfig) -> None:
        super().__init__(config)
        self.pool.block = False
        if config.scheme == "https":
            self.pool.ConnectionCls = _TlsConnection
            self.pool.conn_kw["ssl_context"].sslsocket_class = _TlsSocket
        else:
            self.pool.ConnectionCls = _Connection

    def perform_request(
        self,
        method: str,
        target: str,
        body: bytes | None = None,
        headers: HttpHeaders | None = None,
        request_timeout: DefaultType | float | None = DEFAULT,
    ) -> NodeApiResponse:
        """Ends, one way or the other, within the request's timeout."""
        seconds = self.config.request_timeout if request_timeout is DEFAULT else request_timeout
        _until.moment = None if seconds is None else time.monotonic() + float(seconds)
        try:
            return super().perform_request(method, target, body, headers, request_timeout)
        finally:
            _until.moment = None
