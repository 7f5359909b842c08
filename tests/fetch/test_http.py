"""What hostile and broken servers get: bounded time, size, hops and retries; credentials stay at home."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from email.utils import formatdate

import pytest

from overlay.errors import FetchError, LimitError, OverlayError, Temporary
from overlay.fetch.address import parse
from overlay.fetch.http import Client
from overlay.fetch.retry import Patience, next_wait, retry_after
from tests.fetch.servers import Handler, Web, in_turn, redirect, send

SHORT = Patience(connect=2, idle=0.4, total=1.5, attempts=2, longest_wait=1)


def get(
    url: str,
    *,
    patience: Patience = SHORT,
    limit: int = 1000,
    authorization: str | None = "Bearer s3cret",
    waits: list | None = None,
):
    return Client(patience, sleep=(waits if waits is not None else []).append).get(
        parse(url), limit=limit, authorization=authorization
    )


def status(code: int, **headers: str) -> Callable[[Handler], None]:
    return lambda handler: send(handler, code, b"", **headers)


def test_R14_a_redirect_to_another_host_loses_the_credential(make_web: Callable[..., Web]) -> None:
    home, cdn = make_web(), make_web()
    home.answers["/blob"] = redirect(f"{cdn.url}/blob?signature=x", 307)
    cdn.answers["/blob"] = b"content"
    answer = get(f"{home.url}/blob")
    assert (answer.status, answer.body, str(answer.address)) == (200, b"content", f"{cdn.url}/blob")
    assert home.seen[0][1]["authorization"] == "Bearer s3cret"
    assert "authorization" not in cdn.seen[0][1]
    assert "cookie" not in cdn.seen[0][1]


def test_R14_a_redirect_on_the_same_host_keeps_it(web: Web) -> None:
    web.answers |= {"/a": redirect("b"), "/b": b"content"}
    assert get(f"{web.url}/a").body == b"content"
    assert web.seen[1][1]["authorization"] == "Bearer s3cret"


def test_R14_redirects_end(web: Web) -> None:
    web.answers["/a"] = redirect("/a")
    with pytest.raises(FetchError, match=f"{web.url}/a redirects more than 5 times"):
        get(f"{web.url}/a")
    assert len(web.seen) == 6


def test_R14_https_never_becomes_http(tls: Web, web: Web) -> None:
    tls.answers["/a"] = redirect(f"{web.url}/a")
    with pytest.raises(FetchError, match=f"{tls.url}/a leads to {web.url}/a, which is not encrypted"):
        get(f"{tls.url}/a")
    assert web.seen == []


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest",
        "http://[::1]/",
        "http://2130706433/",
        "http://localhost/",
        "http://0.0.0.0/",
        "http://[::ffff:127.0.0.1]/",
        "http://0x7f.1/",
    ],
)
def test_R06_a_redirect_into_this_machine_from_elsewhere_is_refused(web: Web, target: str) -> None:
    web.answers["/a"] = redirect(target)
    with pytest.raises(FetchError, match="an address inside this machine or network segment"):
        get(f"{web.url}/a")


@pytest.mark.parametrize(
    "location",
    ["file:///etc/passwd", "gopher://x/", "http://user:pass@x.example/", "https://", "http://x.example:99999/"],
)
def test_R14_redirects_lead_to_http_only(web: Web, location: str) -> None:
    web.answers["/a"] = redirect(location)
    with pytest.raises(FetchError):
        get(f"{web.url}/a")


def test_R08_a_certificate_that_nobody_trusts_is_refused(make_web: Callable[..., Web]) -> None:
    tls = make_web(tls=True)
    tls.answers["/a"] = b"x"
    with pytest.raises(FetchError, match=f"the certificate of {tls.host} is not trusted") as caught:
        get(f"{tls.url}/a")
    assert caught.value.hint == (
        "give the CA in SSL_CERT_FILE; for a Helm repository also with `overlay repo add --ca-file`"
    )
    assert tls.seen == []


def test_R08_there_is_no_way_down_from_tls(web: Web) -> None:
    web.answers["/a"] = b"x"
    with pytest.raises(FetchError, match=f"{web.host} speaks no proper TLS") as caught:
        get(f"https://{web.host}/a")
    assert caught.value.hint == "a registry that speaks http is asked so with --plain-http"
    assert web.seen == []


def test_R06_a_name_that_leads_into_this_machine_is_refused_before_anything_is_sent(web: Web) -> None:
    address, named = parse(f"http://localhost:{web.port}/a"), parse("https://registry.example/")
    with pytest.raises(FetchError, match=r"localhost leads to (127\.0\.0\.1|::1), an address inside this machine"):
        Client(SHORT).get(address, limit=1000, named=named)
    assert web.seen == []


@pytest.mark.parametrize("code", [429, 500, 502, 503, 504])
def test_R11_what_may_pass_is_asked_again(web: Web, code: int) -> None:
    web.answers["/a"] = in_turn(status(code), b"content")
    waits: list[float] = []
    assert get(f"{web.url}/a", waits=waits).body == b"content"
    assert len(waits) == 1
    assert 0 < waits[0] <= 0.5


@pytest.mark.parametrize("code", [400, 401, 403, 404, 405, 413, 415])
def test_R11_what_will_not_pass_is_asked_once(web: Web, code: int) -> None:
    web.answers["/a"] = status(code)
    assert get(f"{web.url}/a").status == code
    assert len(web.seen) == 1


@pytest.mark.parametrize(
    ("said", "waited"),
    [("1", 1.0), ("0", 0.0), ("-5", 0.0), (lambda: formatdate(time.time() + 1, usegmt=True), 1.0), ("soon", 0.25)],
)
def test_R10_retry_after_is_honoured(web: Web, said, waited: float) -> None:
    web.answers["/a"] = in_turn(status(429, Retry_After=said if isinstance(said, str) else said()), b"content")
    waits: list[float] = []
    assert get(f"{web.url}/a", waits=waits).body == b"content"
    assert waits[0] == pytest.approx(waited, abs=1.1 if callable(said) else 0.3)


def test_R10_a_server_that_asks_for_an_hour_is_left(web: Web) -> None:
    web.answers["/a"] = status(429, Retry_After="3600")
    with pytest.raises(Temporary, match=f"{web.url}/a answers 429 Too Many Requests") as caught:
        get(f"{web.url}/a")
    assert (caught.value.hint, caught.value.exit_code) == ("the server asks to come back in 3600 seconds", 6)
    assert len(web.seen) == 1


def test_R11_retries_end(web: Web) -> None:
    web.answers["/a"] = status(503)
    with pytest.raises(Temporary, match=r"answers 503 Service Unavailable \(asked 4 times\)"):
        get(f"{web.url}/a", patience=Patience())
    assert len(web.seen) == 4


def test_R10_waits_are_bounded_in_number_and_time() -> None:
    patience = Patience(attempts=4, longest_wait=60)
    for attempt in range(1, 4):
        wait = next_wait(patience, attempt=attempt, asked=None, left=300, jitter=lambda: 1)
        assert wait == 0.5 * 2 ** (attempt - 1)
    assert next_wait(patience, attempt=4, asked=None, left=300, jitter=lambda: 1) is None
    assert next_wait(patience, attempt=1, asked=61, left=300, jitter=lambda: 1) is None
    assert next_wait(patience, attempt=1, asked=30, left=20, jitter=lambda: 1) is None
    assert retry_after("99999999999999999999", 0) == 9999999999
    assert retry_after("Thu, 99 Xyz", 0) is None


def drip(handler: Handler) -> None:
    """Send a byte now and then, for ever."""
    send_head(handler, "1000")
    for _ in range(100):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.1)


def send_head(handler: Handler, length: str | None) -> None:
    handler.send_response(200)
    if length:
        handler.send_header("Content-Length", length)
    handler.end_headers()
    handler.wfile.flush()


def endless(handler: Handler) -> None:
    send_head(handler, None)
    handler.close_connection = True
    while True:
        handler.wfile.write(b"x" * 10_000)


def stall(handler: Handler) -> None:
    send_head(handler, "1000")
    time.sleep(2)


def cut(handler: Handler) -> None:
    send_head(handler, "1000")
    handler.wfile.write(b"x" * 999)
    handler.close_connection = True


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (drip, Temporary, "took longer than 1.5 seconds"),
        (endless, LimitError, "sends more than the limit of 1000 bytes"),
        (stall, Temporary, "is silent for more than 0.4 seconds"),
        (cut, Temporary, r"sent 999 of 1000 bytes \(asked 2 times\)"),
        (
            lambda handler: send(handler, 200, b"x", Content_Length="1001"),
            LimitError,
            "has 1001 bytes, more than the limit of 1000",
        ),
        (lambda handler: send(handler, 200, b"x", Content_Encoding="gzip"), FetchError, "sends content as gzip"),
        (lambda handler: handler.wfile.write(b"SSH-2.0-x\r\n"), FetchError, "does not speak proper HTTP"),
        (
            lambda handler: handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n"),
            FetchError,
            "does not speak proper HTTP",
        ),
        (lambda handler: setattr(handler, "close_connection", True), Temporary, "broke off the connection"),
    ],
    ids=["slow-loris", "endless", "stall", "cut", "too-long", "gzip", "no-http", "many-headers", "closed"],
)
def test_R12_a_server_that_does_not_end_is_left(web: Web, answer, error: type[OverlayError], message: str) -> None:
    web.answers["/a"] = answer
    start = time.monotonic()
    with pytest.raises(error, match=message):
        get(f"{web.url}/a")
    assert time.monotonic() - start < 4


def test_R12_a_server_that_sends_its_head_byte_by_byte_is_left() -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            peer, _ = listener.accept()
            with peer:
                for byte in b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200:
                    peer.send(bytes([byte]))
                    time.sleep(0.05)
        except OSError:
            pass

    threading.Thread(target=serve, daemon=True).start()
    with listener, pytest.raises(Temporary, match=r"took longer than 1\.5 seconds"):
        get(f"http://127.0.0.1:{listener.getsockname()[1]}/")


def test_R13_hosts_that_are_not_there_are_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(Temporary, match=rf"127\.0\.0\.1:{port} refuses the connection \(asked 2 times\)"):
        get(f"http://127.0.0.1:{port}/")


def test_R13_proxies_of_the_environment_are_used_and_no_proxy_heard(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    web.answers["*"] = b"by proxy"
    monkeypatch.setenv("http_proxy", f"http://me:s3cret@{web.host}")
    answer = Client(SHORT).get(parse("http://charts.example/a", plain_http=True), limit=1000)
    assert (answer.body, web.seen[0][0]) == (b"by proxy", "http://charts.example/a")
    assert web.seen[0][1]["proxy-authorization"] == "Basic bWU6czNjcmV0"
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    web.answers["/b"] = b"direct"
    assert get(f"{web.url}/b").body == b"direct"


def test_R13_tls_goes_through_a_proxy_end_to_end(tls: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    tls.answers["/a"] = b"content"
    proxy = socket.create_server(("127.0.0.1", 0))
    heads = []

    def serve() -> None:
        peer, _ = proxy.accept()
        with peer, socket.create_connection(("127.0.0.1", tls.port)) as onward:
            head = b""
            while b"\r\n\r\n" not in head:
                head += peer.recv(1000)
            heads.append(head)
            peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=pump, args=(peer, onward), daemon=True)
            back.start()
            pump(onward, peer)
            back.join()

    def pump(one: socket.socket, other: socket.socket) -> None:
        try:
            while data := one.recv(10_000):
                other.send(data)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    server = threading.Thread(target=serve, daemon=True)
    server.start()
    monkeypatch.setenv("https_proxy", f"http://me:s3cret@127.0.0.1:{proxy.getsockname()[1]}")
    with proxy:
        assert get(f"{tls.url}/a").body == b"content"
        server.join(5)
    assert heads[0].startswith(f"CONNECT {tls.host} HTTP/1.".encode())
    assert b"Proxy-Authorization: Basic bWU6czNjcmV0" in heads[0]
    assert b"Bearer" not in heads[0]
    assert "proxy-authorization" not in tls.seen[0][1]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://x.example/", "http://x.example/ is not encrypted"),
        ("https://u:p@x.example/", "the URL of x.example has a user name in it"),
        ("https://x.example/a b", "is no URL: it has spaces"),
        ("https://x.example/\n", "is no URL: it has spaces"),
        ("https://x.example:x/", "is no URL"),
        ("https://-x/", "is no host"),
        ("ftp://x.example/", "is no https:// URL"),
        ("https:///x", "is no https:// URL"),
    ],
)
def test_G29_addresses_that_are_none_are_refused(url: str, message: str) -> None:
    with pytest.raises(FetchError, match=message):
        parse(url)


def test_Z01_no_message_holds_a_signature_or_credential(web: Web) -> None:
    web.answers["/a"] = status(503)
    with pytest.raises(Temporary) as caught:
        get(f"{web.url}/a?signature=hush", authorization="Bearer s3cret")
    assert "hush" not in repr(caught.value)
    assert "s3cret" not in repr(caught.value)
