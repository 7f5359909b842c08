"""A proxy in front of the API server that makes faults: delays, resets, refusals, cut answers, old lists, others' pages."""

from __future__ import annotations

import http.client
import json
import random
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from tests.cluster.testbed import Testbed

FAULTS = ("delay", "reset-before", "reset-after", "429", "500", "503", "cut", "stale", "page", "redirect")


class FaultProxy:
    """Forwards to the testbed over plain HTTP; every request meets a fault with a probability.

    made: how often each fault was made.
    """

    def __init__(self, testbed: Testbed, seed: int, *, share: float = 0.4) -> None:
        self.made: dict[str, int] = dict.fromkeys(FAULTS, 0)
        self.is_on = True
        self._random = random.Random(seed)
        self._share = share
        self._lock = threading.Lock()
        self._lists: dict[str, tuple[int, dict[str, str], bytes]] = {}
        upstream = urlsplit(testbed.server)
        proxy = self

        class Forward(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                fault = proxy._choose(self.command, self.path)
                try:
                    proxy._serve(self, body, fault, upstream.hostname or "", upstream.port or 0, testbed)
                except OSError:
                    self.close_connection = True

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = forward  # noqa: N815

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except OSError:
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_: object) -> None:
                pass

        self._server = Quiet(("127.0.0.1", 0), Forward)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _choose(self, method: str, path: str) -> str:
        with self._lock:
            if not self.is_on or self._random.random() > self._share:
                return ""
            fault = self._random.choice(FAULTS)
            if fault == "stale" and (method != "GET" or "labelSelector" not in path or path not in self._lists):
                fault = "503"
            self.made[fault] += 1
            return fault

    def _serve(
        self, handler: BaseHTTPRequestHandler, body: bytes, fault: str, host: str, port: int, testbed: Testbed
    ) -> None:
        if fault == "delay":
            time.sleep(0.05)
        if fault == "reset-before":
            _reset(handler)
            return
        if fault in ("429", "500", "503"):
            _refuse(handler, int(fault))
            return
        if fault == "stale":
            _answer(handler, *self._lists[handler.path])
            return
        if fault == "page":
            _answer(handler, 200, {"Content-Type": "text/html"}, b"<html>Please log in</html>")
            return
        if fault == "redirect":
            _answer(handler, 307, {"Location": "http://127.0.0.1:9/elsewhere"}, b"")
            return
        connection = http.client.HTTPSConnection(host, port, context=testbed.context, timeout=60)
        try:
            headers = {
                name: text for name, text in handler.headers.items() if name.lower() not in ("host", "connection")
            }
            connection.request(handler.command, handler.path, body=body or None, headers=headers)
            response = connection.getresponse()
            kept = {name: text for name, text in response.getheaders() if name.lower() == "content-type"}
            if "watch=true" in handler.path:
                _stream(handler, response, kept, 200 if fault == "cut" else 0)
                return
            data = response.read()
        finally:
            connection.close()
        if fault == "reset-after":
            _reset(handler)
            return
        if handler.command == "GET" and "labelSelector" in handler.path and response.status == 200:
            with self._lock:
                self._lists.setdefault(handler.path, (response.status, kept, data))
        _answer(handler, response.status, kept, data, missing=len(data) // 2 if fault == "cut" else 0)


def _answer(
    handler: BaseHTTPRequestHandler, status: int, headers: dict[str, str], data: bytes, *, missing: int = 0
) -> None:
    handler.send_response(status)
    for name, text in {**headers, "Content-Length": str(len(data))}.items():
        handler.send_header(name, text)
    handler.end_headers()
    handler.wfile.write(data[: len(data) - missing])
    if missing:
        handler.close_connection = True


def _stream(
    handler: BaseHTTPRequestHandler, response: http.client.HTTPResponse, headers: dict[str, str], most: int
) -> None:
    handler.close_connection = True
    handler.send_response(response.status)
    for name, text in headers.items():
        handler.send_header(name, text)
    handler.send_header("Connection", "close")
    handler.end_headers()
    sent = 0
    while data := response.read1(1 << 16):
        handler.wfile.write(data[:most] if most else data)
        handler.wfile.flush()
        sent += len(data)
        if most and sent >= most:
            return


def _refuse(handler: BaseHTTPRequestHandler, status: int) -> None:
    body = {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "code": status,
        "message": "etcdserver: leader changed",
    }
    headers = {"Content-Type": "application/json", **({"Retry-After": "1"} if status == 429 else {})}
    _answer(handler, status, headers, json.dumps(body).encode())


def _reset(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.connection.close()
