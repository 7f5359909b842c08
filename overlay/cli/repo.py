"""`overlay repo`: Helm repositories, in Helm's own list of them."""

from __future__ import annotations

import os
import re
import sys

from overlay.cli.fetching import NETWORK, PLAIN_HTTP, TIMEOUT, make_client, make_registry, make_repositories
from overlay.cli.printing import print_document
from overlay.cli.table import COMMON, Command, Param, output
from overlay.errors import EXIT_OK, OverlayError, UsageError, raise_all
from overlay.nearest import did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence, Sized
    from typing import Any

    from overlay.fetch.index import Offer
    from overlay.fetch.repositories import Repositories

_SEARCH_HEAD = ("NAME", "VERSION", "APP VERSION", "DESCRIPTION")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def add(args: dict[str, Any]) -> int:
    """Look at a repository, and keep it under a name."""
    name, url = args["name"], args["url"]
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name of a repository: letters, digits, dots, dashes and underscores")
    if url.startswith("oci://"):
        raise UsageError(
            "a registry is no Helm repository and needs no adding",
            hint="write chart: {oci: oci://host/path, version: …}; log in with `overlay login HOST`",
        )
    if args["username"] and not args["password_stdin"]:
        raise UsageError("--username needs --password-stdin: a password on the command line is seen by others")
    known, readers = make_repositories(args, make_client(args))
    from overlay.fetch.repositories import read_entry  # noqa: PLC0415

    password = sys.stdin.read().rstrip("\r\n") if args["password_stdin"] else ""
    fields = {
        "url": url,
        "username": args["username"] or "",
        "password": password,
        "certFile": _file(args["cert_file"]),
        "keyFile": _file(args["key_file"]),
        "caFile": _file(args["ca_file"]),
        "insecure_skip_tls_verify": False,
        "pass_credentials_all": False,
    }
    before = known.by_name(name)
    if before is not None and before.url != url and not args["force"]:
        raise UsageError(f"{name} is {before.url} already", hint="choose another name, or replace it with --force")
    index = readers.read(read_entry({"name": name, **fields}))
    known.add(name, fields)
    known.keep_index(name, *index)
    if not args["quiet"]:
        print(f"added {name}: {_charts(index[1])}", file=sys.stderr)
    return EXIT_OK


def _charts(index: Sized) -> str:
    return f"{len(index)} chart{'s' * (len(index) != 1)}"


def _file(path: str | None) -> str:
    return os.path.abspath(path) if path else ""


def list_(args: dict[str, Any]) -> int:
    """Print the repositories."""
    from overlay.fetch.repositories import Repositories  # noqa: PLC0415

    rows = [{"name": one.name, "url": one.url} for one in Repositories(os.environ).all()]
    _print(rows, ("NAME", "URL"), args)
    return EXIT_OK


def update(args: dict[str, Any]) -> int:
    """Fetch the indexes of all or some repositories; one that fails does not stop the others."""
    known, readers = make_repositories(args, make_client(args))
    names = args["names"] or [one.name for one in known.all()]
    errors: list[OverlayError] = []
    for name in names:
        one = _named(known, name)
        try:
            index = readers.read(one)
            known.keep_index(name, *index)
            if not args["quiet"]:
                print(f"updated {name}: {_charts(index[1])}", file=sys.stderr)
        except OverlayError as error:
            errors.append(error)
    if not names and not args["quiet"]:
        print("there are no repositories; add one with `overlay repo add NAME URL`", file=sys.stderr)
    raise_all(errors)
    return EXIT_OK


def remove(args: dict[str, Any]) -> int:
    """Forget repositories."""
    from overlay.fetch.repositories import Repositories  # noqa: PLC0415

    known = Repositories(os.environ)
    for name in args["names"]:
        _named(known, name)
    if not args["names"]:
        raise UsageError("which repository?", hint="name one or more; `overlay repo list` shows them")
    for name in args["names"]:
        known.remove(name)
        if not args["quiet"]:
            print(f"removed {name}", file=sys.stderr)
    return EXIT_OK


def search(args: dict[str, Any]) -> int:
    """Print the charts whose name or description has a word, from the indexes that were fetched last.

    For an oci:// reference, print its versions as the registry lists them now.
    """
    from overlay.fetch.index import read_index  # noqa: PLC0415
    from overlay.fetch.repositories import Repositories  # noqa: PLC0415
    from overlay.files.reader import read_argument  # noqa: PLC0415

    known = Repositories(os.environ)
    rows: list[dict[str, str]] = []
    if (args["word"] or "").startswith("oci://"):
        _print(_found_in_registry(args), _SEARCH_HEAD, args)
        return EXIT_OK
    for one in known.all():
        path = known.index_path(one.name)
        if not os.path.exists(path):
            if not args["quiet"]:
                print(f"no index of {one.name} yet; run `overlay repo update {one.name}`", file=sys.stderr)
            continue
        rows += _found(one.name, read_index(read_argument(path), one.name), args)
    _print(rows, _SEARCH_HEAD, args)
    return EXIT_OK


def _found_in_registry(args: dict[str, Any]) -> list[dict[str, str]]:
    from overlay.fetch.reference import read_reference  # noqa: PLC0415

    repository = read_reference(args["word"], plain_http=args["plain_http"])
    tags = make_registry(args, make_client(args)).tags(repository)
    # A tag cannot hold `+`, so Helm writes `_` for it.
    versions = _versions([tag.replace("_", "+") for tag in tags], args)
    return [{"name": args["word"], "version": one, "appVersion": "", "description": ""} for one in versions]


def _found(repository: str, index: Mapping[str, Sequence[Offer]], args: dict[str, Any]) -> list[dict[str, str]]:
    word = (args["word"] or "").lower()
    rows = []
    for chart, offers in sorted(index.items()):
        by_version = {offer.version: offer for offer in reversed(offers)}
        rows += [
            {
                "name": f"{repository}/{chart}",
                "version": offer.version,
                "appVersion": offer.app_version,
                "description": ("deprecated: " if offer.deprecated else "") + offer.description,
            }
            for offer in [by_version[version] for version in _versions(list(by_version), args)]
            if word in f"{repository}/{chart}".lower() or word in offer.description.lower()
        ]
    return rows


def _versions(versions: list[str], args: dict[str, Any]) -> list[str]:
    """Return what --version and --versions leave, newest first."""
    from overlay.chart.constraint import BadConstraint, in_order  # noqa: PLC0415

    try:
        if args["versions"]:
            return in_order(versions, args["version"])
        return in_order(versions, args["version"] or "*")[:1]
    except BadConstraint:
        raise UsageError(
            f"--version {args['version']!r} is no version constraint", hint="write 1.2.3 or ^1.2.0"
        ) from None


def _named(known: Repositories, name: str) -> Any:
    one = known.by_name(name)
    if one is None:
        names = [each.name for each in known.all()]
        hint = did_you_mean(name, names) or (f"there are {', '.join(names)}" if names else "there are none yet")
        raise UsageError(f"no repository is called {name!r}", hint=hint)
    return one


def _print(rows: list[dict[str, str]], head: tuple[str, ...], args: dict[str, Any]) -> None:
    if args["output"] in ("json", "yaml"):
        print_document(rows, args["output"])
    elif args["output"] == "name":
        from overlay.report.style import inert  # noqa: PLC0415

        sys.stdout.write("".join([f"{inert(row['name'])}\n" for row in rows]))
    else:
        from overlay.report.style import Style, wants_color  # noqa: PLC0415
        from overlay.report.table import as_table  # noqa: PLC0415

        color = wants_color(args["color"], is_terminal=sys.stdout.isatty(), env=os.environ)
        sys.stdout.write(as_table(head, [tuple(row.values()) for row in rows], Style(color=color)))


_OUTPUT = output("table", "json", "yaml", "name")
_NAMES = Param(name="names", kind="arguments", metavar="NAME", help="Names of repositories.")
ADD = Command(
    path=("repo", "add"),
    help="Add a Helm repository to Helm's own list (repositories.yaml), which `helm repo` shares.",
    run=add,
    params=(
        Param(name="name", kind="argument", metavar="NAME", required=True, help="Name of the repository."),
        Param(name="url", kind="argument", metavar="URL", required=True, help="Its https:// URL."),
        Param(name="username", flags=("--username",), metavar="USER", help="User name, for this host only."),
        Param(
            name="password_stdin",
            flags=("--password-stdin",),
            kind="flag",
            help="Read the password from standard input.",
        ),
        Param(
            name="ca_file", flags=("--ca-file",), metavar="FILE", help="Certificates of the CA that it is signed by."
        ),
        Param(
            name="cert_file", flags=("--cert-file",), metavar="FILE", help="Our own certificate, for this host only."
        ),
        Param(name="key_file", flags=("--key-file",), metavar="FILE", help="The key of our own certificate."),
        Param(name="force", flags=("--force",), kind="flag", help="Replace a repository of this name."),
        TIMEOUT,
        PLAIN_HTTP,
        *COMMON,
    ),
)
LIST = Command(path=("repo", "list"), help="List the Helm repositories.", run=list_, params=(_OUTPUT, *COMMON))
UPDATE = Command(
    path=("repo", "update"),
    help="Fetch the indexes of repositories, all or those named, for `overlay repo search`.",
    run=update,
    params=(_NAMES, TIMEOUT, PLAIN_HTTP, *COMMON),
)
REMOVE = Command(path=("repo", "remove"), help="Forget repositories.", run=remove, params=(_NAMES, *COMMON))
SEARCH = Command(
    path=("repo", "search"),
    help="""Search the charts of all repositories by name and description, as of the last `overlay repo update`.

With an oci:// reference, list the versions that the registry has now.

Examples:

  overlay repo search db

  overlay repo search oci://registry.shop.example/charts/db --versions""",
    run=search,
    params=(
        Param(name="word", kind="argument", metavar="WORD", help="A part of a name or description, or oci://…"),
        Param(name="version", flags=("--version",), metavar="CONSTRAINT", help="Only versions such as ^1.2.0."),
        Param(name="versions", flags=("-l", "--versions"), kind="flag", help="Every version, not only the newest."),
        _OUTPUT,
        *NETWORK,
        *COMMON,
    ),
)
