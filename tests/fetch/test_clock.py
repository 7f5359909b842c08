"""A wrong clock is named where it shows: in logins and in certificates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
import trustme

from overlay.errors import FetchError
from overlay.fetch.address import parse
from overlay.fetch.clock import clock_difference
from overlay.fetch.http import Client
from overlay.fetch.retry import Patience
from tests.fetch.servers import Web

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("difference", "said"),
    [
        (timedelta(seconds=60), ""),
        (timedelta(seconds=-60), ""),
        (timedelta(minutes=5), "this machine's clock is 5 minutes behind the server's"),
        (timedelta(minutes=-5), "this machine's clock is 5 minutes ahead of the server's"),
        (timedelta(seconds=-65), "this machine's clock is 1 minute ahead of the server's"),
        (timedelta(days=2), "this machine's clock is 48 hours behind the server's"),
    ],
)
def test_D08_a_difference_is_told_by_the_date_of_an_answer(difference: timedelta, said: str) -> None:
    headers = {"date": format_datetime(NOW + difference, usegmt=True)}
    assert clock_difference(headers, NOW.timestamp()) == said


@pytest.mark.parametrize("headers", [{}, {"date": "tomorrow"}, {"date": ""}])
def test_D08_without_a_date_nothing_is_said(headers: dict[str, str]) -> None:
    assert clock_difference(headers) == ""


@pytest.fixture
def webs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Web]]:
    """Servers whose certificates are of yesterday, and of tomorrow."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    now = datetime.now(UTC)
    times = {"expired": (now - timedelta(days=9), now - timedelta(days=1)),
             "not yet": (now + timedelta(days=1), now + timedelta(days=9))}  # fmt: skip
    made = {}
    for name, (first, last) in times.items():
        path = tmp_path / f"{name}.pem"
        issued = ca.issue_cert("127.0.0.1", not_before=first, not_after=last)
        issued.private_key_and_cert_chain_pem.write_to_path(str(path))
        made[name] = Web(path)
    yield made
    for web in made.values():
        web.close()


@pytest.mark.parametrize("name", ["expired", "not yet"])
def test_D09_a_certificate_that_is_not_valid_now_leads_to_the_clock(webs: dict[str, Web], name: str) -> None:
    web = webs[name]
    with pytest.raises(FetchError) as caught:
        Client(Patience(attempts=1)).get(parse(f"{web.url}/"), limit=1000)
    assert caught.value.message.startswith(f"the certificate of {web.host} is not valid now: certificate ")
    assert caught.value.hint is not None
    assert caught.value.hint.startswith(f"it is {datetime.now(UTC):%Y-%m-%dT}")
    assert "by this machine's clock" in caught.value.hint
