"""A server in the engine's place that fails as it is told, and counts who asks."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Iterator

HEADERS = "X-Elastic-Product: Elasticsearch\r\nContent-Type: application/json\r\n"
GOOD = '{"timed_out":false,"_shards":{"total":1,"failed":0},"hits":{"hits":[{"_id":"7"}]}}'
ANSWERS = {
    "good": ("200 OK", HEADERS, GOOD),
    "500": ("500 Internal Server Error", HEADERS, '{"error":{"type":"broken"},"status":500}'),
    "503": ("503 Service Unavailable", "Content-Type: text/html\r\n", "<h1>no server is available</h1>"),
    "429": ("429 Too Many Requests", HEADERS, '{"error":{"type":"busy"},"status":429}'),
    "404": ("404 Not Found", HEADERS, '{"error":{"type":"index_not_found_exception"},"status":404}'),
    "400": ("400 Bad Request", HEADERS, '{"error":{"type":"parsing_exception"},"status":400}'),
    "no JSON": ("200 OK", HEADERS, '{"hits":'),
    "HTML": ("200 OK", "X-Elastic-Product: Elasticsearch\r\nContent-Type: text/html\r\n", "<p>Hello</p>"),
    "another shape": ("200 OK", HEADERS, '{"hello":[1,2,3]}'),
    "a list": ("200 OK", HEADERS, "[1,2,3]"),
    "another product": ("200 OK", "Content-Type: application/json\r\n", GOOD),
    "a part": ("200 OK", HEADERS, GOOD.replace('"failed":0', '"failed":1')),
    "too late itself": ("200 OK", HEADERS, GOOD.replace('"timed_out":false', '"timed_out":true')),
}
TOGETHER = " together"  # several answers in one, of which the last is as the mode says
ITEMS = {
    "good": GOOD,
    "500": '{"error":{"type":"broken"},"status":500}',
    "429": '{"error":{"type":"es_rejected_execution_exception"},"status":429}',
    "404": '{"error":{"type":"index_not_found_exception"},"status":404}',
    "400": '{"error":{"type":"parsing_exception"},"status":400}',
    "a part": ANSWERS["a part"][2],
    "too late itself": ANSWERS["too late itself"][2],
    "no answer": "null",
}
ANSWERS |= {
    name + TOGETHER: ("200 OK", HEADERS, f'{{"responses":[{GOOD},{item}]}}') for name, item in ITEMS.items()
}
ANSWERS["fewer" + TOGETHER] = ("200 OK", HEADERS, f'{{"responses":[{GOOD}]}}')
FAULTS_TOGETHER = [
    name for name in ANSWERS if name.endswith(TOGETHER) and name.split()[0] not in {"good", "400"}
]
FAULTS = (
    *(name for name in ANSWERS if name not in {"good", "400"} and not name.endswith(TOGETHER)),
    *("silent", "reset", "closed", "drip", "drip of headers", "gibberish", "cut off"),
)


class Faulty:
    """Answers as `mode` says; `requests` are those that came, `behind` waits before each good answer."""

    def __init__(self) -> None:
        self.mode = "good"
        self.requests: list[bytes] = []
        self.behind = 0.0
        self.closes = False  # a connection, after each answer, without saying so
        self.is_over = threading.Event()
        self._listen(0)
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"

    @property
    def asked(self) -> int:
        """How often."""
        return len(self.requests)

    def end(self) -> None:
        """Nobody is at the address any more, and whoever waits for an answer gets none."""
        self.is_over.set()
        self.leave()

    def leave(self) -> None:
        """Nobody is at the address."""
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def come_back(self) -> None:
        """Somebody is at the address again."""
        self._listen(int(self.url.rpartition(":")[2]))

    def _listen(self, port: int) -> None:
        self._server = socket.create_server(("127.0.0.1", port), backlog=100)
        threading.Thread(target=self._accept, args=(self._server,), daemon=True).start()

    def _accept(self, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _address = server.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            while request := _read_request(connection):
                self.requests.append(request)
                if not self._answer(connection, request) or self.closes:
                    return

    def good(self, request: bytes) -> bytes:
        """What answers it when nothing is wrong."""
        return _message(*ANSWERS["good"])

    def _answer(self, connection: socket.socket, request: bytes) -> bool:
        """Whether the connection goes on."""
        mode = self.mode
        if mode in ANSWERS:
            self.is_over.wait(self.behind)
            connection.sendall(self.good(request) if mode == "good" else _message(*ANSWERS[mode]))
            return True
        if mode == "silent":
            self.is_over.wait(20)
        elif mode == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif mode == "gibberish":
            connection.sendall(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
        elif mode == "cut off":
            connection.sendall(_message(*ANSWERS["good"])[:-20])
        elif mode.startswith("drip"):
            message = _message(*ANSWERS["good"])
            begin = 10 if mode == "drip of headers" else len(message) - 30
            connection.sendall(message[:begin])
            for byte in message[begin:]:
                if self.is_over.wait(0.05):
                    break
                connection.sendall(bytes([byte]))
        return False


@contextlib.contextmanager
def running() -> Iterator[Faulty]:
    """One, while it is needed."""
    server = Faulty()
    try:
        yield server
    finally:
        server.end()


def until(true: object, seconds: float = 10.0) -> bool:
    """Waits for what threads do."""
    ends = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        if time.monotonic() > ends:
            return False
        time.sleep(0.01)
    return True


def _message(status: str, headers: str, body: str) -> bytes:
    return f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body.encode())}\r\n\r\n{body}".encode()


def _read_request(connection: socket.socket) -> bytes:
    """All of it; nothing where the connection ends."""
    read = b""
    while b"\r\n\r\n" not in read:
        if not (more := connection.recv(65_536)):
            return b""
        read += more
    head, _end, body = read.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    length = int(lengths[0].partition(b":")[2]) if lengths else 0
    while len(body) < length:
        if not (more := connection.recv(65_536)):
            return b""
        body += more
    return head + b"\r\n\r\n" + body
