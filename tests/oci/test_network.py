"""The registry client where the network or the clock is not as it should be."""

from __future__ import annotations

import time
from collections.abc import Callable
from email.utils import formatdate

import pytest

from overlay.errors import FetchError, OverlayError, Temporary
from overlay.fetch.credentials import Credential
from overlay.fetch.http import Client
from overlay.fetch.login import Logins
from overlay.fetch.reference import read_reference
from overlay.oci.remote import Remote
from overlay.oci.session import Session
from overlay.oci.transfer import carry
from tests.fetch.servers import Handler, Web, send
from tests.oci.artifacts import made
from tests.oci.conftest import SHORT
from tests.oci.scripted import Answer, Registry

Make = Callable[..., Remote]
ME = Credential(user="me", password="s3cret")


def outside(reference: str) -> Remote:
    """Return a repository that is not on this machine, asked over http."""
    session = Session(SHORT, "overlay/test", Logins(Client(SHORT), lambda _: None), sleep=lambda _: None)
    return Remote(session, read_reference(reference, plain_http=True))


def test_R13_a_registry_that_is_not_known_is_named() -> None:
    with pytest.raises(OverlayError) as caught:
        carry(made(10), "", outside("oci://registry.invalid/shop"), "1.0.0")
    assert caught.value.message.startswith(
        ("the host registry.invalid is not known", "the name registry.invalid cannot be looked up now")
    )


def test_R13_a_registry_behind_a_proxy_is_pushed_to_and_no_proxy_is_heard(
    scripted: Registry, remote: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://{scripted.host}")
    # The registry of this test plays the proxy: what it is asked for is a whole address.
    prefix = "http://registry.shop.example"

    def through(answer: Answer) -> bool:
        assert answer.path.startswith(prefix), answer.path
        answer.path = answer.path.removeprefix(prefix)
        return False

    scripted.faults.append(through)
    place = outside("oci://registry.shop.example/shop")
    assert carry(made(3000, seed=1), "", place, "1.0.0").is_new
    place.session.close()
    scripted.check()
    scripted.faults.clear()
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert carry(made(3000, seed=2), "", remote(scripted.host, "near"), "1.0.0").is_new


def test_R13_a_proxy_that_wants_a_login_or_is_not_there_is_named(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(handler: Handler) -> None:
        send(handler, 407, b"log in", Proxy_Authenticate='Basic realm="x"')

    web.answers["*"] = refuse
    monkeypatch.setenv("http_proxy", f"http://{web.host}")
    with pytest.raises(FetchError) as caught:
        outside("oci://registry.shop.example/shop").manifest("1.0.0")
    assert caught.value.message == f"the proxy {web.host} wants a login"
    assert caught.value.hint == "HTTP_PROXY takes both before its host: user, colon, password, @"
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with pytest.raises(Temporary, match=r"^the proxy 127\.0\.0\.1:9, asked for registry\.shop\.example, refuses"):
        outside("oci://registry.shop.example/shop").manifest("1.0.0")


@pytest.mark.parametrize("minutes", [-5, 5])
def test_D08_a_token_that_is_not_valid_by_the_servers_clock_is_fetched_once_more_and_then_the_clock_is_named(
    scripted: Registry, remote: Make, minutes: int
) -> None:
    def fault(answer: Answer) -> bool:
        date = formatdate(time.time() + 60 * minutes, usegmt=True)
        answer.date_time_string = lambda *_: date  # type: ignore[method-assign]
        if answer.path.startswith("/token"):
            answer.say(200, b'{"token": "of-another-time"}')
        else:
            answer.fail(401, "UNAUTHORIZED", WWW_Authenticate=f'Bearer realm="http://{scripted.host}/token"')
        return True

    scripted.faults.append(fault)
    with pytest.raises(FetchError) as caught:
        remote(scripted.host, credential=ME).manifest("1.0.0")
    where = "behind" if minutes > 0 else "ahead of"
    assert caught.value.message == (
        f"login rejected by {scripted.host} (it needs to pull shop): this machine's clock is 5 minutes {where} the server's"
    )
    assert caught.value.hint == "set the clock (NTP): tokens are valid for minutes"
    assert [path for _, path in scripted.seen] == ["/v2/shop/manifests/1.0.0", "/token", "/v2/shop/manifests/1.0.0"]
