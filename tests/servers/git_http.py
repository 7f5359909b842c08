"""Smart HTTP for Git: `git http-backend` behind a web server of ours, with logins, and faults that tests switch on."""

from __future__ import annotations

import base64
import os
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.fetch.servers import Handler, Web, send


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    content: bytes


@dataclass(frozen=True)
class Seen:
    """One request: what it asks for (`POST git-receive-pack`), bytes of both ways, and who asked."""

    what: str
    path: str
    sent: int
    got: int
    authorization: str


Fault = Callable[[Handler, Callable[[], Reply]], None]


class GitServer:
    """Serves the bare repositories below a folder.

    accepts: whole Authorization headers that are let in; empty lets in everybody.
    faults: by request (`GET git-upload-pack` lists refs, `POST git-upload-pack` asks and fetches, the same of
    `git-receive-pack`); each request uses up the first one, `None` is no fault.
    """

    def __init__(self, root: Path, certificate: Path | None = None) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root = root
        self.web = Web(certificate)
        self.web.answers["*"] = self._answer
        self.accepts: list[str] = []
        self.faults: dict[str, list[Fault | None]] = {}
        self.seen: list[Seen] = []
        self.inherited = {"PATH": os.environ["PATH"], "HOME": str(root), "GIT_CONFIG_NOSYSTEM": "1"}

    def url(self, name: str, login: str = "") -> str:
        scheme, _, host = self.web.url.partition("://")
        return f"{scheme}://{login}{'@' * bool(login)}{host}/{name}"

    def asked(self, what: str) -> list[Seen]:
        return [one for one in self.seen if one.what == what]

    def close(self) -> None:
        self.web.close()

    def _answer(self, handler: Handler) -> None:
        path, _, query = handler.path.partition("?")
        service = query.partition("service=")[2] or path.rpartition("/")[2]
        what = f"{handler.command} {service}"
        body = _body(handler)
        given = handler.headers.get("Authorization", "")
        got = 0

        def reply() -> Reply:
            nonlocal got
            found = self._backend(handler, path, query, body)
            got = len(found.content)
            return found

        try:
            waiting = self.faults.get(what)
            fault = waiting.pop(0) if waiting else None
            if fault is not None:
                fault(handler, reply)
            elif self.accepts and given not in self.accepts:
                send(handler, 401, WWW_Authenticate='Basic realm="git"')
            else:
                _send(handler, reply())
        finally:
            self.seen.append(Seen(what, path, len(body), got, given))

    def _backend(self, handler: Handler, path: str, query: str, body: bytes) -> Reply:
        env = {
            **self.inherited,
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": handler.command,
            "CONTENT_TYPE": handler.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": handler.headers.get("Content-Encoding", ""),
            "HTTP_GIT_PROTOCOL": handler.headers.get("Git-Protocol", ""),
            "REMOTE_USER": "pusher",
            "REMOTE_ADDR": "127.0.0.1",
        }
        out = subprocess.run(["git", "http-backend"], input=body, env=env, capture_output=True).stdout
        head, _, content = out.partition(b"\r\n\r\n")
        headers = dict(line.decode().split(": ", 1) for line in head.split(b"\r\n") if line)
        return Reply(int(headers.pop("Status", "200").split()[0]), headers, content)


def basic(user: str, password: str) -> str:
    """Return the header of a login."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def status(code: int, **headers: str) -> Fault:
    return lambda handler, _: send(handler, code, **headers)


def redirect(to: str) -> Fault:
    return lambda handler, _: send(handler, 302, Location=f"{to}{handler.path}")


def stall(handler: Handler, _: Callable[[], Reply]) -> None:
    """Say nothing for long."""
    time.sleep(5)


def cut_after(handler: Handler, reply: Callable[[], Reply]) -> None:
    """Do what is asked, and lose the answer."""
    reply()
    raise ConnectionAbortedError


def cut_before(handler: Handler, _: Callable[[], Reply]) -> None:
    raise ConnectionAbortedError


def cut_within(handler: Handler, reply: Callable[[], Reply]) -> None:
    """Lose the second half of the answer."""
    found = reply()
    _send(handler, found, found.content[: len(found.content) // 2])
    raise ConnectionAbortedError


def meanwhile(act: Callable[[], object]) -> Fault:
    """Let something happen before the request is answered."""

    def fault(handler: Handler, reply: Callable[[], Reply]) -> None:
        act()
        _send(handler, reply())

    return fault


def together(count: int) -> Fault:
    """Answer only when so many requests are there."""
    barrier = threading.Barrier(count)
    return meanwhile(lambda: barrier.wait(20))


def _send(handler: Handler, reply: Reply, content: bytes | None = None) -> None:
    headers = {name.replace("-", "_"): text for name, text in reply.headers.items()}
    headers["Content_Length"] = str(len(reply.content))
    send(handler, reply.status, reply.content if content is None else content, **headers)


def _body(handler: Handler) -> bytes:
    if handler.headers.get("Transfer-Encoding") != "chunked":
        return handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
    parts = []
    while size := int(handler.rfile.readline().split(b";")[0], 16):
        parts.append(handler.rfile.read(size))
        handler.rfile.readline()
    handler.rfile.readline()
    return b"".join(parts)
