"""Servers for tests, all on loopback: a web server whose answers are functions, a real registry, Git over HTTP."""

from __future__ import annotations

import base64
import os
import socket
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

Handler = BaseHTTPRequestHandler


class Web:
    """A web server; `answers` maps a path without query to bytes or to a function of the handler.

    seen: (path with query, headers) of every request.
    """

    def __init__(self, certificate: Path | None = None) -> None:
        self.answers: dict[str, bytes | Callable[[Handler], None]] = {}
        self.seen: list[tuple[str, dict[str, str]]] = []
        web = self

        class Answer(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                web.seen.append((self.path, {name.lower(): text for name, text in self.headers.items()}))
                found = web.answers.get(self.path.partition("?")[0]) or web.answers.get("*")
                try:
                    if found is None:
                        send(self, 404, b"not here")
                    elif isinstance(found, bytes):
                        send(self, 200, found)
                    else:
                        found(self)
                except (OSError, ssl.SSLError):
                    self.close_connection = True

            def do_POST(self) -> None:
                self.do_GET()

            def do_PUT(self) -> None:
                self.do_GET()

            def do_PATCH(self) -> None:
                self.do_GET()

            def log_message(self, *_: object) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_: object) -> None:
                pass

        self.server = Quiet(("127.0.0.1", 0), Answer)
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.host = f"127.0.0.1:{self.port}"
        self.url = f"{'http' if certificate is None else 'https'}://{self.host}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def send(handler: Handler, status: int, body: bytes = b"", **headers: str) -> None:
    """Answer whole; an underscore in a header's name stands for a dash."""
    handler.send_response(status)
    for name, text in {"Content_Length": str(len(body)), **headers}.items():
        handler.send_header(name.replace("_", "-"), text)
    handler.end_headers()
    handler.wfile.write(body)


def redirect(to: str, status: int = 302) -> Callable[[Handler], None]:
    return lambda handler: send(handler, status, Location=to)


def in_turn(*answers: bytes | Callable[[Handler], None]) -> Callable[[Handler], None]:
    """Give one answer after the other, the last one for ever."""
    left = list(answers)

    def answer(handler: Handler) -> None:
        found = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(found, bytes):
            send(handler, 200, found)
        else:
            found(handler)

    return answer


class RegistryProcess:
    """The distribution project's registry, in a process of its own."""

    arguments: tuple[str, ...] = ("serve", "{config}")

    def __init__(self, program: str, folder: Path, **env: str) -> None:
        self.port = _free_port()
        self.host = f"127.0.0.1:{self.port}"
        self.log = (folder / "registry.log").open("wb")
        config = folder / "registry.yml"
        config.write_text(
            f"version: 0.1\nlog: {{level: warn}}\nstorage: {{filesystem: {{rootdirectory: {folder / 'data'}}}}}\n"
            f"http: {{addr: '{self.host}'}}\n"
        )
        self.process = subprocess.Popen(
            [program, *[word.format(config=config, host=self.host) for word in self.arguments]],
            env={"PATH": os.environ["PATH"], "HOME": str(folder), "OTEL_TRACES_EXPORTER": "none", **env},
            stdout=self.log,
            stderr=self.log,
        )
        for _ in range(200):
            try:
                with urllib.request.urlopen(f"http://{self.host}/", timeout=1):
                    return
            except urllib.error.HTTPError:
                return  # it speaks TLS, and says so
            except OSError:
                time.sleep(0.05)
        raise RuntimeError((folder / "registry.log").read_text())

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()
        self.log.close()


class ReferrersRegistry(RegistryProcess):
    """The registry of tests/oci/referrers_registry: go-containerregistry's, with the referrers API."""

    arguments = ("{host}",)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def git_backend(root: Path, password: str = "") -> Callable[[Handler], None]:
    """Answer as `git http-backend` does for the repositories below a folder; asks for user:password where given."""

    def answer(handler: Handler) -> None:
        given = handler.headers.get("Authorization", "")
        if password and given != "Basic " + base64.b64encode(password.encode()).decode():
            send(handler, 401, WWW_Authenticate='Basic realm="git"')
            return
        path, _, query = handler.path.partition("?")
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        if handler.headers.get("Transfer-Encoding") == "chunked":
            body = _chunks(handler)
        env = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": handler.command,
            "CONTENT_TYPE": handler.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": handler.headers.get("Content-Encoding", ""),
            "HTTP_GIT_PROTOCOL": handler.headers.get("Git-Protocol", ""),
            "REMOTE_ADDR": "127.0.0.1",
        }
        out = subprocess.run(["git", "http-backend"], input=body, env=env, capture_output=True).stdout
        head, _, content = out.partition(b"\r\n\r\n")
        headers = dict(line.decode().split(": ", 1) for line in head.split(b"\r\n") if line)
        status = int(headers.pop("Status", "200").split()[0])
        send(handler, status, content, **{name.replace("-", "_"): text for name, text in headers.items()})

    return answer


def _chunks(handler: Handler) -> bytes:
    parts = []
    while size := int(handler.rfile.readline().split(b";")[0], 16):
        parts.append(handler.rfile.read(size))
        handler.rfile.readline()
    handler.rfile.readline()
    return b"".join(parts)
