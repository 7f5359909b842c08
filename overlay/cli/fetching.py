"""What the commands that may use the network share: their options, and the readers made from them."""

from __future__ import annotations

import os
import re

from overlay.cli.table import Param
from overlay.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.fetch.http import Client
    from overlay.fetch.login import Logins
    from overlay.fetch.registry import Registry
    from overlay.fetch.repositories import Repositories
    from overlay.fetch.repository import ChartRepositories
    from overlay.remote.resolve import Resolver

_NETWORK = "Network"
_DURATION = r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?"
TIMEOUT = Param(
    name="timeout",
    flags=("--timeout",),
    metavar="DURATION",
    default="5m",
    panel=_NETWORK,
    help="The longest that a single fetch may take, retries included, such as 90s or 5m.",
)
PLAIN_HTTP = Param(
    name="plain_http",
    flags=("--plain-http", "--no-plain-http"),
    kind="tristate",
    panel=_NETWORK,
    help="Speak http to registries and allow http:// elsewhere (on this machine only, unless said otherwise).",
)
TOKEN_HOST = Param(
    name="token_host",
    flags=("--token-host",),
    kind="list",
    metavar="HOST",
    panel=_NETWORK,
    help="A token service that may see the credentials of registries of another domain; repeatable.",
)
NETWORK = (TIMEOUT, PLAIN_HTTP, TOKEN_HOST)


def seconds(text: str) -> float:
    """Return the seconds of a duration as Go writes it: `1m30s`, `500ms`.

    Raises UsageError.
    """
    match = re.fullmatch(_DURATION, text)
    total = (
        sum(float(part or 0) * unit for part, unit in zip(match.groups(), (3600, 60, 1, 0.001), strict=True))
        if match
        else 0
    )
    if not total:
        raise UsageError(f"--timeout {text!r} is no duration", hint="write 90s, 5m or 1m30s")
    return float(total)


def make_client(args: dict[str, Any]) -> Client:
    """Return the HTTP client of a command."""
    from overlay import __version__  # noqa: PLC0415
    from overlay.fetch.http import Client  # noqa: PLC0415
    from overlay.fetch.retry import Patience  # noqa: PLC0415

    total = seconds(args["timeout"])
    patience = Patience(total=total, connect=min(10.0, total), idle=min(30.0, total), longest_wait=min(60.0, total))
    return Client(patience, agent=f"overlay/{__version__}")


def make_repositories(args: dict[str, Any], client: Client) -> tuple[Repositories, ChartRepositories]:
    """Return Helm's list of repositories, and the reader of repositories."""
    from overlay.fetch.repositories import Repositories  # noqa: PLC0415
    from overlay.fetch.repository import ChartRepositories  # noqa: PLC0415

    known = Repositories(os.environ)
    return known, ChartRepositories(client, known, plain_http=args["plain_http"])


def make_resolver(args: dict[str, Any]) -> Resolver:
    """Return what turns requests into pins and content."""
    from overlay.fetch.git import Git  # noqa: PLC0415
    from overlay.remote.resolve import Resolver  # noqa: PLC0415

    client = make_client(args)
    _, repositories = make_repositories(args, client)
    git = Git(os.environ, seconds=client.patience.total, plain_http=args["plain_http"])
    return Resolver(client, repositories, make_registry(args, client), git, plain_http=args["plain_http"])


def make_registry(args: dict[str, Any], client: Client) -> Registry:
    """Return the reader of registries."""
    from overlay.fetch.registry import Registry  # noqa: PLC0415

    return Registry(make_logins(args, client))


def make_logins(args: dict[str, Any], client: Client) -> Logins:
    """Return what logs in to registries, with the credentials that the user's stores hold."""
    from overlay.fetch.credentials import registry_credential  # noqa: PLC0415
    from overlay.fetch.login import Logins  # noqa: PLC0415

    return Logins(client, lambda host: registry_credential(host, os.environ), args["token_host"])
