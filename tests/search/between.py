"""An engine of a test's own that can be killed and stopped, and before it what fails as it is told."""

import http.client
import os
import signal
import subprocess
from urllib.parse import urlsplit

from tests import engines
from tests.search.faulty import Faulty

PATIENCE = 10.0


class Between(Faulty):
    """In mode "good" the engine behind it answers. Its address stays, whatever becomes of that."""

    def __init__(self) -> None:
        self.engine, self.behind_url = engines.osmem()
        super().__init__()

    def good(self, request: bytes) -> bytes:
        head, _end, body = request.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        method, target, _version = first.split(" ")
        headers = dict(line.split(": ", 1) for line in lines)
        asked = http.client.HTTPConnection(urlsplit(self.behind_url).netloc, timeout=PATIENCE)
        try:
            asked.request(method, target, body or None, headers)
            answer = asked.getresponse()
            told = answer.read()
        except http.client.HTTPException as error:
            raise ConnectionError(str(error)) from error
        finally:
            asked.close()
        kept = [(name, value) for name, value in answer.getheaders() if name.lower() in {"content-type"}]
        kept += [("X-Elastic-Product", "Elasticsearch"), ("Content-Length", str(len(told)))]
        lines = [f"HTTP/1.1 {answer.status} {answer.reason}", *(f"{name}: {value}" for name, value in kept)]
        return "\r\n".join([*lines, "", ""]).encode() + told

    def stop(self) -> None:
        """SIGSTOP: whoever connects is let in, and gets no answer."""
        os.kill(self.engine.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """SIGCONT"""
        os.kill(self.engine.pid, signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL: connections end, and nobody is there."""
        self.engine.kill()
        self.engine.communicate(timeout=PATIENCE)
        self.leave()

    def restart(self) -> None:
        """Another one, at the same address; this small engine has kept nothing."""
        self.engine, self.behind_url = engines.osmem()
        self.come_back()

    def end(self) -> None:
        super().end()
        if self.engine.poll() is None:
            self.go_on()
            try:
                engines.close(self.engine)
            except subprocess.TimeoutExpired:
                self.engine.kill()
                self.engine.communicate()
