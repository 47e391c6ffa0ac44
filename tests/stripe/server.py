"""The double over HTTP: `python -m tests.stripe.server` begins one for each line of its input.

Where the line is empty it prints the new one's address; where it is an address, that one ends. With its
input all of them do.

Tests ask it for faults and events at /_double/…, which Stripe does not have.
"""

import json
import re
import socket
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.stripe import asking, pages
from tests.stripe.cards import NUMBERS, Refusal
from tests.stripe.delivery import Delivery
from tests.stripe.state import Row, State, shown

Known = tuple[str, int, bytes]


class Double:
    """State, deliveries, remembered keys, and the faults that are still to come."""

    def __init__(self) -> None:
        self.address = ""
        self.delivery = Delivery()
        self.state = State(lambda kind, row: self.delivery.tell(kind, shown(row)), lambda: self.address)
        self.keys: dict[str, Known] = {}
        self.at_work: set[str] = set()
        self.faults: list[Row] = []
        self.requests: list[Row] = []

    def fault(self, path: str) -> str:
        """The next fault for that path, and it is used up."""
        for fault in self.faults:
            if re.search(fault["path"], path):
                fault["times"] -= 1
                if fault["times"] <= 0:
                    self.faults.remove(fault)
                return str(fault["kind"])
        return ""


def nested(pairs: list[tuple[str, str]]) -> Row:
    """metadata[payment]=x as {"metadata": {"payment": "x"}}."""
    found: Row = {}
    for name, value in pairs:
        parts, here = re.findall(r"[^\[\]]+", name), found
        for part in parts[:-1]:
            here = here.setdefault(part, {})
        here[parts[-1]] = value
    return found


class Handler(BaseHTTPRequestHandler):
    """Routes a request to what answers it."""

    double: Double
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        self._handle(b"")

    def do_POST(self) -> None:
        self._handle(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def _handle(self, body: bytes) -> None:
        path = urlsplit(self.path).path
        if path.startswith("/v1/"):
            self._api(path, body)
        elif path.startswith("/_double/"):
            self._control(path.removeprefix("/_double/"), json.loads(body or b"{}"))
        else:
            self._page(path, dict(parse_qsl(body.decode())))

    # --- The API ---------------------------------------------------------------------------------------

    def _api(self, path: str, body: bytes) -> None:
        double, key = self.double, self.headers.get("Idempotency-Key", "")
        sent = nested(parse_qsl(body.decode() or urlsplit(self.path).query, keep_blank_values=True))
        asked = {"method": self.command, "path": path, "params": sent, "key": key}
        double.requests.append({**asked, "at": time.time()})
        fault = double.fault(f"{self.command} {path}")
        if fault == "slow":
            time.sleep(3)
        elif fault == "500":
            return self._json(500, {"error": {"type": "api_error", "message": "Something went wrong."}})
        elif fault == "reset":
            return self._reset()
        if not re.match(r"(Bearer|Basic) .*sk_test_", self.headers.get("Authorization", "")):
            return self._json(
                401, {"error": {"type": "invalid_request_error", "message": "Invalid API Key."}}
            )
        status, answer = self._once(key, json.dumps(asked, sort_keys=True), path, sent)
        if fault == "lost":
            return self._reset()
        self._send(status, answer)

    def _once(self, key: str, print_: str, path: str, sent: Row) -> tuple[int, bytes]:
        """As Stripe does: a key keeps its answer, and the same key for another wish is a mistake."""
        double = self.double
        with double.state.lock:
            if key and key in double.keys:
                known, status, answer = double.keys[key]
                if known != print_:
                    message = "Keys for idempotent requests can only be used with the same parameters."
                    error = {"type": "idempotency_error", "message": message}
                    return 400, json.dumps({"error": error}).encode()
                return status, answer
            if key in double.at_work:
                message = "There is currently another in-progress request using this Idempotent Key."
                error = {"type": "idempotency_error", "code": "idempotency_key_in_use", "message": message}
                return 409, json.dumps({"error": error}).encode()
            double.at_work.add(key) if key else None
        time.sleep(0.005)  # others may ask meanwhile
        with double.state.lock:
            try:
                status, said = 200, self._answer(path, sent)
            except Refusal as refusal:
                status, said = refusal.status, refusal.body
                if "payment_intent" in said["error"]:
                    said["error"]["payment_intent"] = shown(said["error"]["payment_intent"])
            answer = json.dumps(said).encode()
            double.at_work.discard(key)
            if key:
                double.keys[key] = (print_, status, answer)
        return status, answer

    def _answer(self, path: str, sent: Row) -> Row:
        state = self.double.state
        parts = path.removeprefix("/v1/").split("/")
        if parts[0] == "payment_intents":
            if self.command == "GET":
                return self._list(state.intents, sent) if len(parts) == 1 else shown(state.intent(parts[1]))
            if len(parts) == 1:
                return shown(state.create_intent(sent))
            change = {"confirm": state.confirm, "capture": state.capture, "cancel": state.cancel}[parts[2]]
            return shown(change(parts[1], sent))
        if parts[:2] == ["checkout", "sessions"]:
            if self.command == "POST":
                made = state.create_session(sent) if len(parts) == 2 else state.expire(parts[2], sent)
                return shown(made)
            found = shown(state.session(parts[2]))
            if "payment_intent" in sent.get("expand", {}).values() and found["payment_intent"]:
                found["payment_intent"] = shown(state.intent(found["payment_intent"]))
            return found
        if parts[0] == "refunds":
            return (
                shown(state.create_refund(sent))
                if self.command == "POST"
                else self._list(state.refunds, sent)
            )
        raise Refusal(404, "invalid_request_error", f"Unrecognized request URL ({self.command}: {path}).")

    def _list(self, rows: dict[str, Row], sent: Row) -> Row:
        """The newest first, a page of them."""
        found = [
            row
            for row in reversed(rows.values())
            if row["created"] >= int(sent.get("created", {}).get("gte", 0))
            and sent.get("payment_intent", row.get("payment_intent")) == row.get("payment_intent")
        ]
        ids = [row["id"] for row in found]
        start = ids.index(sent["starting_after"]) + 1 if "starting_after" in sent else 0
        end = start + int(sent.get("limit", 10))
        return {
            "object": "list",
            "data": [shown(row) for row in found[start:end]],
            "has_more": end < len(found),
            "url": self.path,
        }

    # --- Pages -----------------------------------------------------------------------------------------

    def _page(self, path: str, form: dict[str, str]) -> None:
        state = self.double.state
        with state.lock:
            if path == "/v3/":
                return self._send(200, pages.SCRIPT.encode(), "text/javascript")
            if path == "/v3/fields":
                return self._send(200, pages.FIELDS.encode(), "text/html")
            if path == "/v3/token":
                return self._json(200, {"id": state.token(form["number"])})
            _nothing, kind, *rest = path.split("/")
            if kind == "3ds" and rest[0] in state.intents:
                return self._bank(state.intents[rest[0]], form)
            if kind == "c" and rest[-1] in state.sessions:
                return self._hosted(state.sessions[rest[-1]], form, is_done=rest[0] == "done")
        self._send(404, b"", "text/plain")

    def _bank(self, intent: Row, form: dict[str, str]) -> None:
        if self.command == "GET":
            return self._send(200, pages.bank(intent).encode(), "text/html")
        self.double.state.authenticated(intent, form["said"] == "yes")
        said = "succeeded" if intent["status"] in {"succeeded", "requires_capture"} else "failed"
        there = intent["_return_url"]
        mark = "&" if "?" in there else "?"
        self._redirect(f"{there}{mark}payment_intent={intent['id']}&redirect_status={said}")

    def _hosted(self, session: Row, form: dict[str, str], *, is_done: bool) -> None:
        """Its number pays, is declined on the page, or leads to the bank and back to here."""
        state = self.double.state
        if session["status"] == "complete":
            return self._redirect(session["success_url"])
        if session["status"] == "expired":
            return self._send(
                200, pages.page("Expired", "<h1>This page has expired</h1>").encode(), "text/html"
            )
        if self.command == "GET":
            error = "We could not confirm it with your bank. Please try another card." if is_done else ""
            return self._send(200, pages.hosted(session, error).encode(), "text/html")
        try:
            method = NUMBERS.get(form["number"].replace(" ", ""), "pm_card_chargeDeclined")
            intent = state.pay_session(session, method)
        except Refusal as refusal:
            return self._send(200, pages.hosted(session, str(refusal)).encode(), "text/html")
        action = intent["next_action"]
        self._redirect(action["redirect_to_url"]["url"] if action else session["success_url"])

    def _control(self, what: str, sent: Row) -> None:
        self._json(200, asking.answer(self.double, what, sent))

    # --- Answers -----------------------------------------------------------------------------------------

    def _json(self, status: int, said: Any) -> None:
        self._send(status, json.dumps(said).encode())

    def _send(self, status: int, body: bytes, kind: str = "application/json", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _redirect(self, there: str) -> None:
        self._send(303, b"", "text/plain", Location=there)

    def _reset(self) -> None:
        """The connection is gone, and nobody has read an answer."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()


class Server(ThreadingHTTPServer):
    """Many buyers at once."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *args: object) -> None:
        pass


def begin(double: Double) -> Server:
    """It has its own port: who still asks a former one reaches nobody."""
    server = Server(("127.0.0.1", 0), type("OfDouble", (Handler,), {"double": double}))
    double.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server


def main() -> None:
    begun: dict[str, tuple[Double, Server]] = {}
    for line in sys.stdin:
        if address := line.strip():
            double, server = begun.pop(address)
            double.delivery.end()
            server.shutdown()
            server.server_close()
        else:
            double = Double()
            server = begin(double)
            begun[double.address] = double, server
            address = double.address
        sys.stdout.write(f"{address}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
