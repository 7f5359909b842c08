"""A server whose answers are written down beforehand: faults that a real API server does not make on request."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Handler = BaseHTTPRequestHandler
Answer = Callable[[Handler], None]


class Scripted:
    """Gives one answer after the other, the last one for ever.

    seen: (method, path, headers, body) of each request.
    """

    def __init__(self, *answers: Answer) -> None:
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        self.left = list(answers)
        self._lock = threading.Lock()
        script = self

        class Server(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except OSError:
                    self.close_connection = True

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): text for name, text in self.headers.items()}
                with script._lock:
                    script.seen.append((self.command, self.path, headers, body))
                    found = script.left.pop(0) if len(script.left) > 1 else script.left[0]
                found(self)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_: object) -> None:
                pass

        self._server = Quiet(("127.0.0.1", 0), Server)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def say(status: int, body: Any = None, *, content: str = "application/json", **headers: str) -> Answer:
    """Answer with JSON, or with bytes as they are; an underscore in a header's name stands for a dash."""
    data = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()

    def answer(handler: Handler) -> None:
        handler.send_response(status)
        for name, text in {"Content_Type": content, "Content_Length": str(len(data)), **headers}.items():
            handler.send_header(name.replace("_", "-"), text)
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def fail(status: int, reason: str, message: str, **headers: str) -> Answer:
    """Answer with a Status that says no."""
    body = {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "reason": reason,
        "message": message,
        "code": status,
    }
    return say(status, body, **headers)


def reset(handler: Handler) -> None:
    """Break the connection off with a reset."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.connection.close()


def hang_up(handler: Handler) -> None:
    """Close the connection without an answer, as a server does with idle ones."""
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def silence(seconds: float) -> Answer:
    return lambda _: time.sleep(seconds)


def drip(handler: Handler) -> None:
    """Send a byte now and then, for ever."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{")
    while True:
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.1)


def cut(body: bytes, length: int) -> Answer:
    """Promise more bytes than come."""

    def answer(handler: Handler) -> None:
        handler.wfile.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (length, body)
        )
        handler.wfile.flush()
        hang_up(handler)

    return answer
