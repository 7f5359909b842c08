"""`overlay bundles`: what is packaged on this machine."""

from __future__ import annotations

import os
import sys

from overlay.cli.exits import exit_code, report
from overlay.cli.packaging import STORE, make_store
from overlay.cli.printing import print_document
from overlay.cli.registries import REGISTRY
from overlay.cli.table import COMMON, Command, Param, output
from overlay.errors import EXIT_OK, FetchError, OverlayError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.oci.store import Listed

_HEAD = ("REF", "NAME", "VERSION", "DIGEST", "SIZE", "CREATED")


def list_(args: dict[str, Any]) -> int:
    """Print the bundles on this machine, or those of a repository."""
    if args["reference"] is None:
        if args["semver"]:
            raise UsageError("--semver chooses among the versions of a repository: name it, oci://host/path")
        return _list_store(args)
    from overlay.cli.registries import open_session, remote_of  # noqa: PLC0415
    from overlay.oci.choose import versions  # noqa: PLC0415
    from overlay.oci.store import listed  # noqa: PLC0415
    from overlay.oci.versions import tag_of  # noqa: PLC0415

    with open_session(args) as session:
        remote, named = remote_of(args, session, args["reference"])
        if named.reference:
            raise UsageError("name the repository alone: all its versions are listed")
        there = remote.tags()
        if not there:
            raise FetchError(
                f"{remote.shown} has nothing", hint="check its name; some registries answer so where a login is needed"
            )
        tags = [tag_of(version) for version in versions(there, args["semver"])]
        print_listed([listed(remote, tag, f"{remote.shown}:{tag}") for tag in tags], args)
    return EXIT_OK


def _list_store(args: dict[str, Any]) -> int:
    """Print what this machine has; what cannot be read is told and keeps nothing else from being listed."""
    rows: list[Listed] = []
    errors: list[OverlayError] = []
    for one in make_store(args).listed():
        if isinstance(one, OverlayError):
            errors.append(one)
        else:
            rows.append(one)
    print_listed(rows, args)
    if errors:
        report(errors, (), args)
    return exit_code(errors, is_partial=bool(rows))


def remove(args: dict[str, Any]) -> int:
    """Remove bundles, and the blobs that only they need."""
    if not args["refs"]:
        raise UsageError("which bundle?", hint="name one or more, such as shop:1.4.0; `overlay bundles` shows them")
    store = make_store(args)
    wanted: dict[str, list[str]] = {}
    for ref in args["refs"]:
        if ref.startswith("oci://"):
            raise UsageError(
                f"{ref} is in a registry, and bundles are removed from this machine alone",
                hint="what was published stays; a registry has ways of its own to remove it",
            )
        name, colon, tag = ref.partition(":")
        layout = store.layout(name)
        if not colon or not layout.exists() or layout.find(tag) is None:
            raise UsageError(f"there is no bundle {ref!r} here", hint="`overlay bundles` shows what there is")
        wanted.setdefault(name, []).append(tag)
    for name, tags in wanted.items():
        store.layout(name).remove(tags)
    if not args["quiet"]:
        for ref in args["refs"]:
            print(f"removed {ref}", file=sys.stderr)
    return EXIT_OK


def print_listed(rows: list[Listed], args: dict[str, Any]) -> None:
    """Print bundles in the form that was asked for."""
    from overlay.report.sizes import as_size  # noqa: PLC0415

    if args["output"] in ("json", "yaml"):
        names = ("ref", "name", "version", "digest", "size", "created")
        found = [{name: getattr(one, name) for name in names} for one in rows]
        print_document(found, args["output"])
    elif args["output"] == "name":
        from overlay.report.style import inert  # noqa: PLC0415

        sys.stdout.write("".join([f"{inert(one.ref)}\n" for one in rows]))
    else:
        from overlay.report.style import Style, wants_color  # noqa: PLC0415
        from overlay.report.table import as_table  # noqa: PLC0415

        color = wants_color(args["color"], is_terminal=sys.stdout.isatty(), env=os.environ)
        cells = [(one.ref, one.name, one.version, one.digest[:19], as_size(one.size), one.created) for one in rows]
        sys.stdout.write(as_table(_HEAD, cells, Style(color=color)))


OUTPUT = output("table", "json", "yaml", "name")
LIST = Command(
    path=("bundles", "list"),
    help="""List the bundles on this machine (`overlay bundles` alone does the same), or the versions in a repository.

Examples:

  overlay bundles

  overlay bundles list oci://registry.shop.example/shop --semver '>=1.4 <2'""",
    run=list_,
    params=(
        Param(name="reference", kind="argument", metavar="OCI", help="A repository, oci://host/path."),
        Param(name="semver", flags=("--semver",), metavar="CONSTRAINT", help="Only versions such as '>=1.4 <2'."),
        STORE,
        OUTPUT,
        *REGISTRY,
        *COMMON,
    ),
)
REMOVE = Command(
    path=("bundles", "remove"),
    help="Remove bundles from this machine, and whatever only they need.",
    run=remove,
    params=(
        Param(name="refs", kind="arguments", metavar="REF", help="Bundles as they are listed, such as shop:1.4.0."),
        STORE,
        *COMMON,
    ),
)
