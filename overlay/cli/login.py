"""`overlay login` and `overlay logout`: credentials of registries, in the stores that docker, helm and oras share."""

from __future__ import annotations

import os
import sys

from overlay.cli.registries import REGISTRY
from overlay.cli.table import COMMON, Command, Param
from overlay.errors import EXIT_OK, FetchError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.fetch.credentials import Credential
    from overlay.fetch.reference import Repository


def login(args: dict[str, Any]) -> int:
    """Try a credential, and keep it where it is accepted."""
    from overlay.fetch.credential_change import keep_credential  # noqa: PLC0415
    from overlay.fetch.credentials import Credential  # noqa: PLC0415

    repository = _registry(args)
    credential = Credential(user=_user(args), password=_password(args))
    _try(args, repository, credential)
    where = keep_credential(repository.registry.authority, credential, os.environ)
    if not args["quiet"]:
        print(f"logged in to {args['registry']}; kept in {where}", file=sys.stderr)
    return EXIT_OK


def logout(args: dict[str, Any]) -> int:
    """Forget a registry's credential."""
    from overlay.fetch.credential_change import drop_credential  # noqa: PLC0415

    found = drop_credential(_registry(args).registry.authority, os.environ)
    if not args["quiet"]:
        text = f"logged out of {args['registry']}: removed from {', '.join(found)}"
        print(text if found else f"there was no login to {args['registry']}", file=sys.stderr)
    return EXIT_OK


def _registry(args: dict[str, Any]) -> Repository:
    """Return the registry itself, as a repository without a name."""
    from overlay.fetch.reference import read_reference  # noqa: PLC0415
    from overlay.model.value import replace  # noqa: PLC0415

    host = args["registry"].removeprefix("oci://").rstrip("/")
    if "/" in host or not host:
        raise UsageError(f"{args['registry']!r} is no registry", hint="name its host alone, such as ghcr.io")
    return replace(read_reference(f"oci://{host}/x", plain_http=args.get("plain_http")), name="", shown=host)


def _user(args: dict[str, Any]) -> str:
    if args["username"]:
        return str(args["username"])
    if args["password_stdin"] or not sys.stdin.isatty():
        raise UsageError("whose login?", hint="say --username USER")
    sys.stderr.write("User name: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip()


def _password(args: dict[str, Any]) -> str:
    if args["password_stdin"]:
        return sys.stdin.read().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise UsageError("nobody can be asked for a password here", hint="say --password-stdin")
    from getpass import getpass  # noqa: PLC0415

    return getpass("Password: ", stream=sys.stderr)


def _try(args: dict[str, Any], repository: Repository, credential: Credential) -> None:
    from overlay.cli.fetching import make_client  # noqa: PLC0415
    from overlay.fetch.address import Address  # noqa: PLC0415
    from overlay.fetch.login import Logins, unexpected  # noqa: PLC0415
    from overlay.oci.session import Session  # noqa: PLC0415

    client = make_client(args)
    session = Session(client.patience, client.agent, Logins(client, lambda _: credential, args["token_host"]))
    base = repository.registry
    try:
        answer = session.ask(
            "GET", repository, Address(scheme=base.scheme, host=base.host, port=base.port, path="/v2/")
        )
    finally:
        session.close()
    if answer.status in (401, 403):
        raise FetchError(f"login rejected by {base.authority}", hint="check the user name and the password or token")
    if answer.status != 200:
        raise unexpected(base.authority, answer, hint="is it a registry? its API is at /v2/")


_HOST = Param(name="registry", kind="argument", metavar="HOST", required=True, help="The registry, such as ghcr.io.")
LOGIN = Command(
    path=("login",),
    help="""Log in to a registry: try a credential, and keep it where docker, helm and oras find it, too.

It is kept where this host's credential is already, else in REGISTRY_AUTH_FILE or Docker's config.json, by the
credential helper that is configured there.

Examples:

  overlay login ghcr.io --username ada --password-stdin < token""",
    run=login,
    params=(
        _HOST,
        Param(name="username", flags=("-u", "--username"), metavar="USER", help="User name."),
        Param(
            name="password_stdin",
            flags=("--password-stdin",),
            kind="flag",
            help="Read the password or token from standard input.",
        ),
        *REGISTRY,
        *COMMON,
    ),
)
LOGOUT = Command(
    path=("logout",),
    help="Forget the credential of a registry, wherever it is kept.",
    run=logout,
    params=(_HOST, *COMMON),
)
