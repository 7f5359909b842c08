"""`overlay chart`: the base chart as a Helm chart that plain Helm installs."""

from __future__ import annotations

import os
import sys

from overlay.cli.printing import print_document
from overlay.cli.registries import OUTPUT, REGISTRY
from overlay.cli.table import COMMON, Command, Param
from overlay.errors import EXIT_OK, FetchError, OutputError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.oci.chart import Packed


def package(args: dict[str, Any]) -> int:
    """Write the chart as one file."""
    from overlay.cli.charts import packed_chart  # noqa: PLC0415

    packed, _ = packed_chart(args)
    path = _write(packed, args["directory"] or ".")
    if args["output"] in ("json", "yaml"):
        print_document(
            {"name": packed.name, "version": packed.version, "path": path, "digest": _digest(packed)}, args["output"]
        )
        return EXIT_OK
    if not args["quiet"]:
        print(f"packaged {packed.name} {packed.version}", file=sys.stderr)
    print(path)
    return EXIT_OK


def push(args: dict[str, Any]) -> int:
    """Send the chart to a registry, under its name and version."""
    from overlay.cli.charts import packed_chart  # noqa: PLC0415
    from overlay.cli.progress import Progress  # noqa: PLC0415
    from overlay.cli.registries import open_session, place_of, remote_of, teller  # noqa: PLC0415
    from overlay.files.reader import read_argument  # noqa: PLC0415
    from overlay.oci.bundle import Made  # noqa: PLC0415
    from overlay.oci.chart import chart_artifact, read_packed  # noqa: PLC0415
    from overlay.oci.epoch import epoch  # noqa: PLC0415
    from overlay.oci.transfer import carry  # noqa: PLC0415
    from overlay.oci.versions import tag_of  # noqa: PLC0415

    if (args["environment"] or "").startswith("oci://"):
        raise UsageError(
            "a chart that is packaged already is named by --from",
            hint=f"overlay chart push {args['environment']} --from {args['reference']}",
        )
    path = args["reference"].removeprefix("oci://").partition("/")[2]
    if "@" in path or ":" in path:
        raise UsageError("the tag is the chart's version: name the place alone", hint="such as oci://host/charts")
    if args["origin"]:
        beside = f"{args['origin']}.prov"
        signed = read_argument(beside) if os.path.exists(beside) else b""
        packed, seconds = read_packed(read_argument(args["origin"]), args["origin"], signed), epoch(os.environ, None)
    else:
        packed, seconds = packed_chart(args)
    progress = Progress(args)
    try:
        with open_session(args) as session:
            remote, _ = remote_of(args, session, f"{args['reference'].rstrip('/')}/{packed.name}")
            tag = tag_of(packed.version)
            made = Made(chart_artifact(packed, seconds), packed.file)
            carried = carry(made, tag, remote, tag, tell=teller(progress, "pushing"))
    finally:
        progress.end()
    if args["output"] in ("json", "yaml"):
        print_document({**place_of(remote, carried.manifest, tag), "isNew": carried.is_new}, args["output"])
        return EXIT_OK
    if not args["quiet"]:
        print(f"{'pushed' if carried.is_new else 'already there:'} {remote.shown}:{tag}", file=sys.stderr)
    print(carried.manifest.digest)
    return EXIT_OK


def pull(args: dict[str, Any]) -> int:
    """Fetch a chart, check it, write it as one file or as a folder."""
    from overlay.cli.registries import open_session, remote_of  # noqa: PLC0415
    from overlay.files.archive import unpack  # noqa: PLC0415
    from overlay.model.location import Location  # noqa: PLC0415
    from overlay.oci.chart import fetch_chart  # noqa: PLC0415
    from overlay.oci.choose import choose  # noqa: PLC0415
    from overlay.oci.unpack import write_folder  # noqa: PLC0415
    from overlay.oci.versions import version_of  # noqa: PLC0415

    with open_session(args) as session:
        remote, named = remote_of(args, session, args["reference"])
        if named.reference and args["version"]:
            raise UsageError("--version chooses a tag, and the reference has one already")
        reference = named.reference or choose(remote, args["version"])
        manifest = remote.manifest(reference)
        packed = fetch_chart(remote, manifest)
    if version_of(reference) not in (None, packed.version):
        raise FetchError(f"{remote.shown}:{reference} says that it is version {packed.version}")
    folder = args["directory"] or "."
    if args["untar"]:
        path = os.path.normpath(os.path.join(folder, packed.name))
        files = unpack(packed.data, packed.file, Location(packed.file))
        write_folder(((name, [data]) for name, data in files), path)
    else:
        path = _write(packed, folder)
    if args["output"] in ("json", "yaml"):
        print_document(
            {"name": packed.name, "version": packed.version, "path": path, "digest": manifest.digest}, args["output"]
        )
        return EXIT_OK
    if not args["quiet"]:
        print(f"pulled {packed.name} {packed.version} from {remote.shown}@{manifest.digest}", file=sys.stderr)
    print(path)
    return EXIT_OK


def lint(args: dict[str, Any]) -> int:
    """Look at the chart by itself: its metadata, and what it renders with its own values."""
    from overlay.cli.chart_lint import lint_chart  # noqa: PLC0415

    return lint_chart(args)


def _write(packed: Packed, folder: str) -> str:
    from overlay.files.atomic import write_atomic  # noqa: PLC0415

    path = os.path.normpath(os.path.join(folder, packed.file))
    try:
        os.makedirs(folder, exist_ok=True)
        write_atomic(path, packed.data)
        if packed.provenance:
            write_atomic(f"{path}.prov", packed.provenance)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {os.strerror(error.errno or 0).lower()}") from None
    return path


def _digest(packed: Packed) -> str:
    from overlay.fetch.store import digest_of  # noqa: PLC0415

    return digest_of(packed.data)


_NAME = Param(
    name="environment",
    kind="argument",
    metavar="ENV",
    help="Whose chart; not needed where all environments share one.",
)
_DIRECTORY = Param(
    name="directory", flags=("-d", "--directory"), metavar="DIR", help="Folder to write to (the working folder)."
)
_VERSIONS = (
    Param(name="version", flags=("--version",), metavar="VERSION", help="Instead of the version in Chart.yaml."),
    Param(
        name="app_version", flags=("--app-version",), metavar="VERSION", help="Instead of the appVersion in Chart.yaml."
    ),
)
PACKAGE = Command(
    path=("chart", "package"),
    help="""Package the base chart, its sub-charts included, as NAME-VERSION.tgz; print the path.

The same files make the same bytes, whoever packages them.

Examples:

  overlay chart package -d dist

  overlay chart package prod --version 1.4.0 --app-version 2.4.1""",
    run=package,
    params=(_NAME, *_VERSIONS, _DIRECTORY, OUTPUT, *COMMON),
)
PUSH = Command(
    path=("chart", "push"),
    help="""Push the base chart to a registry as `helm push` does; print its digest.

It becomes oci://host/path/NAME:VERSION, which `helm install`, `helm pull` and `overlay lock` read. A version that is
there with other content is refused.

Examples:

  overlay chart push oci://registry.shop.example/charts

  overlay chart push oci://localhost:5000/charts --from shop-1.0.0.tgz""",
    run=push,
    params=(
        Param(
            name="reference",
            kind="argument",
            metavar="OCI",
            required=True,
            help="Where charts are, oci://host/path; the chart's name is added.",
        ),
        _NAME,
        *_VERSIONS,
        Param(
            name="origin",
            flags=("--from",),
            metavar="FILE",
            help="A packaged chart (.tgz) to push instead, with the .prov that lies beside it.",
        ),
        OUTPUT,
        *REGISTRY,
        *COMMON,
    ),
)
PULL = Command(
    path=("chart", "pull"),
    help="""Pull a Helm chart from a registry, checked, as NAME-VERSION.tgz or as a folder; print the path.

Where it was signed by `helm package --sign`, NAME-VERSION.tgz.prov is written beside, for `helm verify`.

Examples:

  overlay chart pull oci://registry.shop.example/charts/shop --version ^1 --untar""",
    run=pull,
    params=(
        Param(
            name="reference",
            kind="argument",
            metavar="OCI",
            required=True,
            help="The chart, oci://host/path/NAME, with :tag or @digest.",
        ),
        Param(
            name="version",
            flags=("--version",),
            metavar="CONSTRAINT",
            help="The newest version such as ^1.2; the newest release when absent.",
        ),
        _DIRECTORY,
        Param(name="untar", flags=("--untar",), kind="flag", help="Write a folder NAME instead of a file."),
        OUTPUT,
        *REGISTRY,
        *COMMON,
    ),
)
LINT = Command(
    path=("chart", "lint"),
    help="""Look at the base chart by itself: metadata, sub-charts, schema, and what it renders with its own values.

`overlay lint` looks at what environments make of it.

Examples:

  overlay chart lint""",
    run=lint,
    params=(_NAME, *COMMON),
)
